//! What a text in the API may look like. These types exist for the schema alone: `#[schemars(with = "Shape")]`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::rules::rule;

/// Declares a type that has a schema and nothing else.
macro_rules! shape {
    ($(#[$doc:meta])* $name:ident, $schema:tt) => {
        $(#[$doc])*
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

shape!(
    /// The id of one control, such as `pod.runs-as-root`.
    ControlId,
    { "type": "string", "maxLength": 64, "pattern": r"^[a-z][a-z0-9]*\.[a-z0-9]+(-[a-z0-9]+)*$" }
);

shape!(
    /// The id of one control, or a family such as `pod.*`.
    ControlPattern,
    {
        "type": "string",
        "maxLength": 64,
        "pattern": r"^(\*|[a-z][a-z0-9]*\.(\*|[a-z0-9]+(-[a-z0-9]+)*))$",
        "x-kubernetes-validations": [rule(
            "self != '*'",
            "a bare * would excuse everything: name the controls, or a family such as pod.*",
        )],
    }
);

shape!(
    /// The name of a tier, which is also the value of a label.
    TierName,
    { "type": "string", "minLength": 1, "maxLength": 63, "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$" }
);

shape!(
    /// The value of a label.
    LabelValue,
    { "type": "string", "maxLength": 63, "pattern": "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$" }
);

shape!(
    /// The name of an object.
    ObjectName,
    { "type": "string", "minLength": 1, "maxLength": 253, "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$" }
);

shape!(
    /// The exact name of something that an exception covers; roles may have colons and capitals.
    TargetName,
    {
        "type": "string",
        "minLength": 1,
        "maxLength": 253,
        "pattern": r"^[A-Za-z0-9*?]([-A-Za-z0-9._:*?]*[A-Za-z0-9*?])?$",
        "x-kubernetes-validations": [rule(
            "!self.contains('*') && !self.contains('?')",
            "names are exact: list each one, or use target.selector to cover several by label",
        )],
    }
);

shape!(
    /// A container's name.
    ContainerName,
    { "type": "string", "minLength": 1, "maxLength": 63, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" }
);

shape!(
    /// A pattern for images.
    ImageGlob,
    {
        "type": "string",
        "minLength": 1,
        "maxLength": 512,
        "pattern": r"^\S+$",
        "x-kubernetes-validations": [rule(
            "!self.matches('^[*?/:@]+$')",
            "this covers every image: name a registry or a repository, such as registry.example.com/team/*",
        )],
    }
);

shape!(
    /// A known vulnerability.
    Vulnerability,
    {
        "type": "string",
        "maxLength": 32,
        "pattern": "^(CVE-[0-9]{4}-[0-9]{4,19}|GHSA(-[23456789cfghjmpqrvwx]{4}){3})$",
    }
);

shape!(
    /// A link.
    Link,
    { "type": "string", "maxLength": 2048, "pattern": r"^https?://[^\s/]+\S*$" }
);

shape!(
    /// A person, team or account.
    Party,
    { "type": "string", "minLength": 1, "maxLength": 253, "pattern": r"^\S(.*\S)?$" }
);

shape!(
    /// A moment, with its zone: the API server's own `date-time` would take one without.
    Moment,
    {
        "type": "string",
        "format": "date-time",
        "maxLength": 40,
        "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$",
    }
);

shape!(
    /// A moment that the operator wrote.
    Observed,
    { "type": "string", "format": "date-time" }
);

shape!(
    /// A detached SSH signature, armoured.
    SshSignature,
    {
        "type": "string",
        "maxLength": 8192,
        "pattern": r"^-----BEGIN SSH SIGNATURE-----\s[A-Za-z0-9+/=\s]+-----END SSH SIGNATURE-----\s*$",
    }
);

shape!(
    /// A public key as in `~/.ssh/id_ed25519.pub`.
    SshPublicKey,
    {
        "type": "string",
        "maxLength": 4096,
        "pattern": concat!(
            r"^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)",
            r"|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com) [A-Za-z0-9+/]+={0,2}( .*)?$",
        ),
    }
);

shape!(
    /// A free-form object, checked against the control's own parameters by the operator.
    Parameters,
    { "type": "object", "maxProperties": 32, "x-kubernetes-preserve-unknown-fields": true }
);

shape!(
    /// The `spec` of an older generation, which newer bounds need not fit.
    Spec,
    { "type": "object", "maxProperties": 64, "x-kubernetes-preserve-unknown-fields": true }
);

shape!(
    /// `metav1.Condition`, with the bounds that Kubernetes documents.
    ConditionShape,
    {
        "description": "One thing that is so, is not so, or is not known.",
        "type": "object",
        "required": ["type", "status", "reason", "message", "lastTransitionTime"],
        "properties": {
            "type": {
                "description": "What the condition is about, such as `Accepted`.",
                "type": "string",
                "maxLength": 316,
            },
            "status": { "description": "Whether it is so.", "type": "string", "enum": ["True", "False", "Unknown"] },
            "reason": {
                "description": "Why, in one word that programs may rely on.",
                "type": "string",
                "minLength": 1,
                "maxLength": 1024,
                "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
            },
            "message": { "description": "Why, for people.", "type": "string", "maxLength": 32768 },
            "lastTransitionTime": {
                "description": "When `status` last changed.",
                "type": "string",
                "format": "date-time",
            },
            "observedGeneration": {
                "description": "The `metadata.generation` that the condition was set for.",
                "type": "integer",
                "format": "int64",
                "minimum": 0,
            },
        },
    }
);
