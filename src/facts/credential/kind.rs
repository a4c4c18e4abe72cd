//! The kinds of credentials.

use std::fmt;

/// What a credential is, as far as its value or its name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CredentialKind {
    /// A private key: PEM ([RFC 7468](https://www.rfc-editor.org/rfc/rfc7468)), `OpenSSH`, PGP, `PuTTY`, age, a JSON Web
    /// Key, or PEM in base64.
    PrivateKey,
    /// An access key id of AWS. It is half of a key, and where it stands the other half is near.
    AwsAccessKey,
    /// A secret access key of AWS.
    AwsSecretKey,
    /// The key file of a service account of Google Cloud.
    GcpServiceAccountKey,
    /// An API key, a client secret or an access token of Google.
    GoogleKey,
    /// The key of an Azure storage account.
    AzureStorageKey,
    /// A shared access key or a shared access signature of Azure.
    AzureSharedAccessKey,
    /// A personal, application or refresh token of GitHub.
    GitHubToken,
    /// A personal, deploy, runner or job token of GitLab.
    GitLabToken,
    /// A bot, user or application token of Slack.
    SlackToken,
    /// An address that anybody who knows it can post to.
    WebhookAddress,
    /// A secret or restricted key of Stripe, live or test, or a webhook's signing secret.
    StripeKey,
    /// An access token of npm.
    NpmToken,
    /// An upload token of `PyPI`.
    PyPiToken,
    /// An access token of Docker Hub.
    DockerHubToken,
    /// A token of `HashiCorp` Vault.
    VaultToken,
    /// An API key of `OpenAI` or Anthropic, or a token of Hugging Face.
    AiServiceKey,
    /// A token in the published format of another issuer.
    ServiceToken,
    /// A signed JSON Web Token ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)).
    Jwt,
    /// A bearer token in the form of a header ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750)).
    BearerToken,
    /// An address with a password ([RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1)), or a connection
    /// string with one.
    ConnectionString,
    /// A user's name and password, as `user:password` or in the form of a header
    /// ([RFC 7617](https://www.rfc-editor.org/rfc/rfc7617)).
    BasicAuth,
    /// A value that looks random, under a name that says that it is secret.
    HighEntropy,
    /// A value that is written out, under a name that says that it is secret.
    Password,
}

impl CredentialKind {
    /// Every kind, the surest first.
    pub const ALL: [Self; 24] = [
        Self::PrivateKey,
        Self::AwsAccessKey,
        Self::AwsSecretKey,
        Self::GcpServiceAccountKey,
        Self::GoogleKey,
        Self::AzureStorageKey,
        Self::AzureSharedAccessKey,
        Self::GitHubToken,
        Self::GitLabToken,
        Self::SlackToken,
        Self::WebhookAddress,
        Self::StripeKey,
        Self::NpmToken,
        Self::PyPiToken,
        Self::DockerHubToken,
        Self::VaultToken,
        Self::AiServiceKey,
        Self::ServiceToken,
        Self::Jwt,
        Self::BearerToken,
        Self::ConnectionString,
        Self::BasicAuth,
        Self::HighEntropy,
        Self::Password,
    ];

    /// The kind in words that read well after "looks like".
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PrivateKey => "a private key",
            Self::AwsAccessKey => "an AWS access key id",
            Self::AwsSecretKey => "an AWS secret access key",
            Self::GcpServiceAccountKey => "a Google Cloud service account key",
            Self::GoogleKey => "a Google API key",
            Self::AzureStorageKey => "an Azure storage account key",
            Self::AzureSharedAccessKey => "an Azure shared access key",
            Self::GitHubToken => "a GitHub token",
            Self::GitLabToken => "a GitLab token",
            Self::SlackToken => "a Slack token",
            Self::WebhookAddress => "a webhook address that lets anybody post",
            Self::StripeKey => "a Stripe key",
            Self::NpmToken => "an npm token",
            Self::PyPiToken => "a PyPI token",
            Self::DockerHubToken => "a Docker Hub token",
            Self::VaultToken => "a Vault token",
            Self::AiServiceKey => "an API key of an AI service",
            Self::ServiceToken => "an API token",
            Self::Jwt => "a JSON Web Token",
            Self::BearerToken => "a bearer token",
            Self::ConnectionString => "a connection string with a password",
            Self::BasicAuth => "a user name with its password",
            Self::HighEntropy => "a random secret",
            Self::Password => "a password or token",
        }
    }

    /// Whether the form of the value alone says what it is. Otherwise it is its name that says so, or a form that
    /// other values have, too.
    #[must_use]
    pub const fn is_certain(self) -> bool {
        !matches!(
            self,
            Self::AwsSecretKey | Self::BearerToken | Self::BasicAuth | Self::HighEntropy | Self::Password
        )
    }
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
