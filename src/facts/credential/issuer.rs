//! The formats of tokens that their issuers have published, so that they can be found.
//!
//! A format is a prefix, an alphabet and a length. Lengths are lower bounds unless the issuer fixes them: issuers
//! make their tokens longer, never shorter.

use super::bytes::{contains, steps};
use super::kind::CredentialKind::{
    self, AiServiceKey, AwsAccessKey, DockerHubToken, GitHubToken, GitLabToken, GoogleKey, NpmToken,
    PrivateKey, PyPiToken, ServiceToken, SlackToken, StripeKey, VaultToken,
};

/// The longest run of bytes that is taken for one token.
const LONGEST: usize = 4096;

/// What stands after the prefix.
#[derive(Clone, Copy)]
enum Alphabet {
    /// Letters and digits.
    Plain,
    /// Upper-case letters and digits.
    Upper,
    /// Lower-case hexadecimal digits.
    Hexadecimal,
    /// Letters, digits and `_`.
    Word,
    /// Letters, digits, `_` and `-`: base64url.
    Url,
    /// Letters, digits, `_`, `-` and `.`.
    Dotted,
    /// Letters, digits, `+`, `/`, `=`, `_`, `-` and `.`: every base64.
    Any,
}

impl Alphabet {
    const fn has(self, byte: u8) -> bool {
        match byte {
            b'0'..=b'9' | b'a'..=b'f' => !matches!((self, byte), (Self::Upper, b'a'..=b'f')),
            b'A'..=b'Z' => !matches!(self, Self::Hexadecimal),
            b'a'..=b'z' => !matches!(self, Self::Hexadecimal | Self::Upper),
            b'_' => matches!(self, Self::Word | Self::Url | Self::Dotted | Self::Any),
            b'-' => matches!(self, Self::Url | Self::Dotted | Self::Any),
            b'.' => matches!(self, Self::Dotted | Self::Any),
            b'+' | b'/' | b'=' => matches!(self, Self::Any),
            _ => false,
        }
    }
}

struct Format {
    prefix: &'static [u8],
    alphabet: Alphabet,
    least: usize,
    most: usize,
    kind: CredentialKind,
}

const fn at_least(prefix: &'static str, alphabet: Alphabet, least: usize, kind: CredentialKind) -> Format {
    Format { prefix: prefix.as_bytes(), alphabet, least, most: LONGEST, kind }
}

const fn exactly(prefix: &'static str, alphabet: Alphabet, length: usize, kind: CredentialKind) -> Format {
    Format { prefix: prefix.as_bytes(), alphabet, least: length, most: length, kind }
}

use Alphabet::{Any, Dotted, Hexadecimal, Plain, Upper, Url, Word};

/// AWS: [unique identifiers of IAM][aws], `AKIA` for keys that last and `ASIA` for temporary ones. The other prefixes
/// name users, roles and policies and open nothing. Atlassian: [API tokens][atlassian]. Google: [API keys][google].
/// age: [the file format][age].
///
/// [age]: https://age-encryption.org/v1
/// [atlassian]: https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/
/// [aws]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
/// [google]: https://cloud.google.com/docs/authentication/api-keys
const FROM_UPPER_A: &[Format] = &[
    exactly("AKIA", Upper, 16, AwsAccessKey),
    exactly("ASIA", Upper, 16, AwsAccessKey),
    exactly("AIza", Url, 35, GoogleKey),
    at_least("ATATT3", Any, 60, ServiceToken),
    at_least("AGE-SECRET-KEY-1", Upper, 50, PrivateKey),
];

/// Google: client secrets of [OAuth][google]. GitLab: the [registration token of runners][gitlab] of old.
///
/// [gitlab]: https://docs.gitlab.com/security/tokens/#token-prefixes
/// [google]: https://developers.google.com/identity/protocols/oauth2
const FROM_UPPER_G: &[Format] =
    &[exactly("GOCSPX-", Url, 28, GoogleKey), exactly("GR1348941", Url, 20, GitLabToken)];

/// New Relic: [API keys](https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/).
const FROM_UPPER_N: &[Format] = &[exactly("NRAK-", Upper, 27, ServiceToken)];

/// Postman: [API keys](https://learning.postman.com/docs/developer/postman-api/authentication/).
const FROM_UPPER_P: &[Format] = &[at_least("PMAK-", Url, 50, ServiceToken)];

/// `SendGrid`: [API keys](https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys).
const FROM_UPPER_S: &[Format] = &[at_least("SG.", Dotted, 60, ServiceToken)];

/// Docker: [access tokens][docker]. `DigitalOcean`: [tokens][ocean]. Databricks: [tokens][databricks]. Doppler:
/// [tokens][doppler].
///
/// [databricks]: https://docs.databricks.com/dev-tools/auth/pat.html
/// [docker]: https://docs.docker.com/security/access-tokens/
/// [doppler]: https://docs.doppler.com/reference/auth-token-formats
/// [ocean]: https://docs.digitalocean.com/reference/api/create-personal-access-token/
const FROM_D: &[Format] = &[
    at_least("dckr_pat_", Url, 20, DockerHubToken),
    at_least("dckr_oat_", Url, 20, DockerHubToken),
    exactly("dop_v1_", Hexadecimal, 64, ServiceToken),
    exactly("doo_v1_", Hexadecimal, 64, ServiceToken),
    exactly("dor_v1_", Hexadecimal, 64, ServiceToken),
    exactly("dapi", Hexadecimal, 32, ServiceToken),
    at_least("dp.pt.", Plain, 40, ServiceToken),
    at_least("dp.st.", Dotted, 40, ServiceToken),
];

/// Figma: [access tokens](https://developers.figma.com/docs/rest-api/authentication/).
const FROM_F: &[Format] = &[at_least("figd_", Url, 40, ServiceToken)];

/// GitHub: [token formats][github]. GitLab: [token prefixes][gitlab]. Grafana: [tokens of service accounts][grafana].
/// Groq: [API keys][groq].
///
/// [github]: https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
/// [gitlab]: https://docs.gitlab.com/security/tokens/#token-prefixes
/// [grafana]: https://grafana.com/docs/grafana/latest/administration/service-accounts/
/// [groq]: https://console.groq.com/docs/quickstart
const FROM_G: &[Format] = &[
    at_least("ghp_", Word, 36, GitHubToken),
    at_least("gho_", Word, 36, GitHubToken),
    at_least("ghu_", Word, 36, GitHubToken),
    at_least("ghs_", Dotted, 36, GitHubToken),
    at_least("ghr_", Word, 36, GitHubToken),
    at_least("github_pat_", Word, 60, GitHubToken),
    at_least("glpat-", Dotted, 20, GitLabToken),
    at_least("gldt-", Dotted, 20, GitLabToken),
    at_least("glrt-", Dotted, 20, GitLabToken),
    at_least("glrtr-", Dotted, 20, GitLabToken),
    at_least("glcbt-", Dotted, 20, GitLabToken),
    at_least("glptt-", Dotted, 20, GitLabToken),
    at_least("glft-", Dotted, 20, GitLabToken),
    at_least("glimt-", Dotted, 20, GitLabToken),
    at_least("glagent-", Dotted, 20, GitLabToken),
    at_least("gloas-", Dotted, 20, GitLabToken),
    at_least("glsoat-", Dotted, 20, GitLabToken),
    at_least("glffct-", Dotted, 20, GitLabToken),
    at_least("glsa_", Word, 32, ServiceToken),
    at_least("glc_", Any, 40, ServiceToken),
    at_least("gsk_", Plain, 48, AiServiceKey),
];

/// Vault: [tokens][vault], service, batch and recovery. Hugging Face: [access tokens][face].
///
/// [face]: https://huggingface.co/docs/hub/security-tokens
/// [vault]: https://developer.hashicorp.com/vault/docs/concepts/tokens#token-prefixes
const FROM_H: &[Format] = &[
    at_least("hvs.", Url, 24, VaultToken),
    at_least("hvb.", Url, 24, VaultToken),
    at_least("hvr.", Url, 24, VaultToken),
    exactly("hf_", Plain, 34, AiServiceKey),
];

/// Linear: [API keys](https://linear.app/developers/graphql).
const FROM_L: &[Format] = &[at_least("lin_api_", Plain, 32, ServiceToken)];

/// npm: [access tokens][npm]. Notion: [tokens of integrations][notion].
///
/// [notion]: https://developers.notion.com/docs/authorization
/// [npm]: https://github.blog/security/supply-chain-security/npm-has-a-new-access-token-format/
const FROM_N: &[Format] = &[exactly("npm_", Plain, 36, NpmToken), at_least("ntn_", Plain, 40, ServiceToken)];

/// `PyPI`: [API tokens][pypi] are macaroons, whose first bytes never change. Pulumi: [access tokens][pulumi].
/// `PlanetScale`: [passwords and tokens][scale]. Pinecone: [API keys][pinecone].
///
/// [pinecone]: https://docs.pinecone.io/guides/projects/manage-api-keys
/// [pulumi]: https://www.pulumi.com/docs/pulumi-cloud/access-management/access-tokens/
/// [pypi]: https://docs.pypi.org/api/secrets/
/// [scale]: https://planetscale.com/docs/concepts/planetscale-service-tokens
const FROM_P: &[Format] = &[
    at_least("pypi-AgE", Url, 50, PyPiToken),
    exactly("pul-", Hexadecimal, 40, ServiceToken),
    at_least("pscale_tkn_", Dotted, 30, ServiceToken),
    at_least("pscale_pw_", Dotted, 30, ServiceToken),
    at_least("pcsk_", Word, 50, ServiceToken),
];

/// Stripe: [API keys][stripe]. `RubyGems`: [API keys][gems]. Replicate: [tokens][replicate].
///
/// [gems]: https://guides.rubygems.org/api-key-scopes/
/// [replicate]: https://replicate.com/docs/topics/security/api-tokens
/// [stripe]: https://docs.stripe.com/keys
const FROM_R: &[Format] = &[
    at_least("rk_live_", Plain, 20, StripeKey),
    at_least("rk_test_", Plain, 20, StripeKey),
    exactly("rubygems_", Hexadecimal, 48, ServiceToken),
    exactly("r8_", Plain, 37, AiServiceKey),
];

/// Stripe: [API keys][stripe]; `pk_` is meant to be published. Anthropic: [API keys][anthropic]. `OpenAI`:
/// [API keys][openai]; those without a word after `sk-` are in [`super::form`]. Shopify: [access tokens][shopify].
/// Sentry: [auth tokens][sentry]. Supabase: [access tokens][supabase]. Square: [access tokens][square].
///
/// [anthropic]: https://docs.claude.com/en/api/overview
/// [openai]: https://platform.openai.com/docs/api-reference/authentication
/// [sentry]: https://docs.sentry.io/account/auth-tokens/
/// [shopify]: https://shopify.dev/changelog/app-secret-key-length-has-increased
/// [square]: https://developer.squareup.com/docs/build-basics/access-tokens
/// [stripe]: https://docs.stripe.com/keys
/// [supabase]: https://supabase.com/docs/reference/api/introduction
const FROM_S: &[Format] = &[
    at_least("sk_live_", Plain, 20, StripeKey),
    at_least("sk_test_", Plain, 20, StripeKey),
    at_least("sk-ant-", Url, 40, AiServiceKey),
    at_least("sk-proj-", Url, 40, AiServiceKey),
    at_least("sk-svcacct-", Url, 40, AiServiceKey),
    at_least("sk-admin-", Url, 40, AiServiceKey),
    at_least("shpat_", Hexadecimal, 32, ServiceToken),
    at_least("shpss_", Hexadecimal, 32, ServiceToken),
    at_least("shpca_", Hexadecimal, 32, ServiceToken),
    at_least("shppa_", Hexadecimal, 32, ServiceToken),
    at_least("sntrys_", Any, 60, ServiceToken),
    exactly("sntryu_", Hexadecimal, 64, ServiceToken),
    exactly("sbp_", Hexadecimal, 40, ServiceToken),
    at_least("sq0csp-", Url, 40, ServiceToken),
    at_least("sq0atp-", Url, 22, ServiceToken),
];

/// Tailscale: [auth and API keys](https://tailscale.com/kb/1277/key-prefixes).
const FROM_T: &[Format] = &[
    at_least("tskey-auth-", Url, 20, ServiceToken),
    at_least("tskey-api-", Url, 20, ServiceToken),
    at_least("tskey-client-", Url, 20, ServiceToken),
];

/// Stripe: signing secrets of [webhooks](https://docs.stripe.com/webhooks).
const FROM_W: &[Format] = &[at_least("whsec_", Any, 24, StripeKey)];

/// Slack: [token types][slack]. xAI: [API keys][xai].
///
/// [slack]: https://docs.slack.dev/authentication/tokens
/// [xai]: https://docs.x.ai/docs/tutorial
const FROM_X: &[Format] = &[
    at_least("xoxb-", Url, 24, SlackToken),
    at_least("xoxp-", Url, 24, SlackToken),
    at_least("xoxa-", Url, 24, SlackToken),
    at_least("xoxr-", Url, 24, SlackToken),
    at_least("xoxs-", Url, 24, SlackToken),
    at_least("xoxc-", Url, 24, SlackToken),
    at_least("xoxe-", Url, 24, SlackToken),
    at_least("xoxe.xoxp-", Url, 24, SlackToken),
    at_least("xoxe.xoxb-", Url, 24, SlackToken),
    at_least("xapp-", Url, 24, SlackToken),
    at_least("xai-", Plain, 60, AiServiceKey),
];

/// Google: [access tokens](https://cloud.google.com/docs/authentication/token-types).
const FROM_Y: &[Format] = &[at_least("ya29.", Url, 40, GoogleKey)];

/// The formats that start with a byte.
const fn starting_with(byte: u8) -> &'static [Format] {
    match byte {
        b'A' => FROM_UPPER_A,
        b'G' => FROM_UPPER_G,
        b'N' => FROM_UPPER_N,
        b'P' => FROM_UPPER_P,
        b'S' => FROM_UPPER_S,
        b'd' => FROM_D,
        b'f' => FROM_F,
        b'g' => FROM_G,
        b'h' => FROM_H,
        b'l' => FROM_L,
        b'n' => FROM_N,
        b'p' => FROM_P,
        b'r' => FROM_R,
        b's' => FROM_S,
        b't' => FROM_T,
        b'w' => FROM_W,
        b'x' => FROM_X,
        b'y' => FROM_Y,
        _ => &[],
    }
}

/// What the start of a value is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// A credential.
    Credential(CredentialKind),
    /// Not one, and nor does one start in so many bytes from here.
    Skip(usize),
}

/// Whether a token starts where these bytes do.
pub(super) fn start(rest: &[u8]) -> Start {
    let first = rest.first().copied().unwrap_or_default();
    for format in starting_with(first) {
        let Some(body) = rest.strip_prefix(format.prefix) else { continue };
        let length = run(body, |byte| format.alphabet.has(byte));
        let token = body.get(..length).unwrap_or_default();
        // With letters alone, `ASIA` starts a word: `ASIAPACIFIC…`.
        let is_word = format.prefix == b"ASIA" && !token.iter().any(u8::is_ascii_digit);
        if (format.least..=format.most).contains(&length) && !is_word && !is_made_up(token) {
            return Start::Credential(format.kind);
        }
        if length > 0 {
            return Start::Skip(format.prefix.len() + length);
        }
    }
    Start::Skip(0)
}

/// How many bytes from the start are of a sort.
pub(super) fn run(bytes: &[u8], has: impl Fn(u8) -> bool) -> usize {
    let length = bytes.iter().take(LONGEST).take_while(|byte| has(**byte)).count();
    steps::take(length);
    length
}

/// Whether the body of a token says that it is an example or was typed on a keyboard.
pub(super) fn is_made_up(token: &[u8]) -> bool {
    const WORDS: [&[u8]; 9] = [
        b"example",
        b"xxxx",
        b"0000000000",
        b"123456789",
        b"abcdefgh",
        b"placeholder",
        b"redacted",
        b"changeme",
        b"your",
    ];
    let start = token.get(..256).unwrap_or(token);
    WORDS.iter().any(|word| contains(start, word)) || distinct(start) < 6
}

/// How many different bytes there are, of ASCII.
pub(super) fn distinct(bytes: &[u8]) -> u32 {
    steps::take(bytes.len());
    bytes.iter().fold(0_u128, |seen, byte| seen | 1 << (byte & 127)).count_ones()
}
