//! How a right leads further: the names of the ways, as findings show them.

use std::fmt;

use crate::facts::WorkloadKind;

use super::ability::plural;

/// How somebody becomes somebody else, or comes to more rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Technique {
    /// Nothing is left to do.
    HoldsEverything,
    /// Groups are impersonated, and `system:masters` is one.
    ImpersonatesMasters,
    /// Whoever may bind a role has it.
    Binds,
    /// Whoever may add to a role that they hold has what they add.
    Escalates,
    /// A mutating webhook or policy sees and changes what everybody writes, the control plane included.
    ChangesAdmission,
    /// A certificate for any name, requested and approved.
    SignsCertificate,
    /// Somebody is impersonated.
    Impersonates,
    /// A token is asked for.
    RequestsToken,
    /// A Secret with a token is read.
    ReadsToken,
    /// A Secret is made, the control plane fills in a token, and it is read.
    MakesToken,
    /// A pod is made that runs as another account.
    Creates(WorkloadKind),
    /// A template is changed, to run as another account.
    Changes(WorkloadKind),
    /// The image of a running pod is changed.
    ChangesImage,
    /// A command is run in a pod.
    Executes,
    /// A container is added to a running pod.
    Debugs,
    /// A command is run in a pod, through the kubelet.
    ConnectsToKubelet,
    /// A privileged pod has its node.
    RunsPrivileged(WorkloadKind),
    /// A template is changed to a privileged one.
    ChangesToPrivileged(WorkloadKind),
    /// The label goes that forbids privileged pods.
    Unguards,
    /// The node's files are mounted, past what a pod itself may name.
    MountsVolume,
    /// A node holds the tokens of its pods.
    TakesToken,
    /// A node of the control plane holds its keys.
    TakesKeys,
}

impl Technique {
    /// Whether the name goes on with whom or what one becomes.
    #[must_use]
    pub const fn names_its_end(self) -> bool {
        !matches!(
            self,
            Self::HoldsEverything | Self::ImpersonatesMasters | Self::ChangesAdmission | Self::TakesKeys
        )
    }
}

/// What somebody does, up to the name of whom they become: "creates pods as".
impl fmt::Display for Technique {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Creates(kind) => return write!(f, "creates {} as", plural(*kind)),
            Self::Changes(kind) => return write!(f, "changes {} to run as", plural(*kind)),
            Self::RunsPrivileged(kind) => return write!(f, "creates privileged {} on", plural(*kind)),
            Self::ChangesToPrivileged(kind) => {
                return write!(f, "changes {} to privileged ones on", plural(*kind));
            }
            Self::HoldsEverything => "may do everything",
            Self::ImpersonatesMasters => "impersonates the group system:masters",
            Self::Binds => "binds itself to",
            Self::Escalates => "adds rights to its own role, up to",
            Self::ChangesAdmission => "changes what others write, by mutating admission",
            Self::SignsCertificate => "approves itself a certificate of",
            Self::Impersonates => "impersonates",
            Self::RequestsToken => "requests a token of",
            Self::ReadsToken => "reads the token in a Secret of",
            Self::MakesToken => "makes a Secret with a token of",
            Self::ChangesImage => "changes the image of a pod of",
            Self::Executes => "runs commands in a pod of",
            Self::Debugs => "adds a container to a pod of",
            Self::ConnectsToKubelet => "runs commands, through nodes/proxy, in a pod of",
            Self::Unguards => "takes the Pod Security label off for privileged pods on",
            Self::MountsVolume => "mounts files of the node, by a PersistentVolume, on",
            Self::TakesToken => "takes the token of a pod of",
            Self::TakesKeys => "takes the keys of the control plane",
        })
    }
}
