package lineage

import (
	"strings"

	"cordon/internal/event"
)

// identityRules are the calls about who can act, beyond users and their
// credentials: instance profiles, certificates from outside, Identity Center
// and the organisation.
var identityRules = []rule{
	does("iam", "CreateInstanceProfile", Created, "iam.instance-profile", "r:instanceProfile.instanceProfileName|q:instanceProfileName"),
	does("iam", "AddRoleToInstanceProfile", Changed, "iam.instance-profile", "q:instanceProfileName").granting(),
	does("iam", "RemoveRoleFromInstanceProfile", Changed, "iam.instance-profile", "q:instanceProfileName"),
	does("iam", "DeleteInstanceProfile", Deleted, "iam.instance-profile", "q:instanceProfileName"),
	// There is one, which refine names.
	does("iam", "UpdateAccountPasswordPolicy", Changed, passwordPolicy, ""),
	does("iam", "DeleteAccountPasswordPolicy", Changed, passwordPolicy, ""),

	does("rolesanywhere", "CreateTrustAnchor", Created, "rolesanywhere.trust-anchor", "r:trustAnchor.trustAnchorId").granting(),
	does("rolesanywhere", "UpdateTrustAnchor", Changed, "rolesanywhere.trust-anchor", "r:trustAnchor.trustAnchorId|q:trustAnchorId").granting(),
	does("rolesanywhere", "EnableTrustAnchor", Changed, "rolesanywhere.trust-anchor", "r:trustAnchor.trustAnchorId|q:trustAnchorId").granting(),
	does("rolesanywhere", "DisableTrustAnchor", Changed, "rolesanywhere.trust-anchor", "r:trustAnchor.trustAnchorId|q:trustAnchorId"),
	does("rolesanywhere", "DeleteTrustAnchor", Deleted, "rolesanywhere.trust-anchor", "r:trustAnchor.trustAnchorId|q:trustAnchorId"),
	does("rolesanywhere", "CreateProfile", Created, "rolesanywhere.profile", "r:profile.profileId").granting(),
	does("rolesanywhere", "UpdateProfile", Changed, "rolesanywhere.profile", "r:profile.profileId|q:profileId").granting(),
	does("rolesanywhere", "EnableProfile", Changed, "rolesanywhere.profile", "r:profile.profileId|q:profileId").granting(),
	does("rolesanywhere", "DisableProfile", Changed, "rolesanywhere.profile", "r:profile.profileId|q:profileId"),
	does("rolesanywhere", "DeleteProfile", Deleted, "rolesanywhere.profile", "r:profile.profileId|q:profileId"),

	does("sso", "CreateInstance", Created, "sso.instance", "r:instanceArn"),
	does("sso", "UpdateInstance", Changed, "sso.instance", "q:instanceArn"),
	does("sso", "DeleteInstance", Deleted, "sso.instance", "q:instanceArn"),
	does("sso", "CreatePermissionSet", Created, "sso.permission-set", "r:permissionSet.permissionSetArn"),
	does("sso", "UpdatePermissionSet", Changed, "sso.permission-set", "q:permissionSetArn"),
	does("sso", "PutInlinePolicyToPermissionSet", Changed, "sso.permission-set", "q:permissionSetArn").granting(),
	does("sso", "DeleteInlinePolicyFromPermissionSet", Changed, "sso.permission-set", "q:permissionSetArn"),
	does("sso", "AttachManagedPolicyToPermissionSet", Changed, "sso.permission-set", "q:permissionSetArn").granting(),
	does("sso", "DetachManagedPolicyFromPermissionSet", Changed, "sso.permission-set", "q:permissionSetArn"),
	does("sso", "AttachCustomerManagedPolicyReferenceToPermissionSet", Changed, "sso.permission-set", "q:permissionSetArn").granting(),
	does("sso", "DetachCustomerManagedPolicyReferenceFromPermissionSet", Changed, "sso.permission-set", "q:permissionSetArn"),
	does("sso", "PutPermissionsBoundaryToPermissionSet", Changed, "sso.permission-set", "q:permissionSetArn").granting(),
	does("sso", "DeletePermissionsBoundaryFromPermissionSet", Changed, "sso.permission-set", "q:permissionSetArn").granting(),
	does("sso", "DeletePermissionSet", Deleted, "sso.permission-set", "q:permissionSetArn"),
	// refine puts the principal to the set.
	does("sso", "CreateAccountAssignment", Created, assignment, "q:permissionSetArn").granting(),
	does("sso", "DeleteAccountAssignment", Deleted, assignment, "q:permissionSetArn"),

	// The console calls sso-directory, programs call identitystore.
	does("sso-directory", "CreateUser", Created, "identitystore.user", "r:user.userId|r:userId"),
	does("sso-directory", "UpdateUser", Changed, "identitystore.user", "q:userId"),
	does("sso-directory", "EnableUser", Changed, "identitystore.user", "q:userId").granting(),
	does("sso-directory", "DisableUser", Changed, "identitystore.user", "q:userId"),
	does("sso-directory", "UpdatePassword", Changed, "identitystore.user", "q:userId").granting(),
	does("sso-directory", "DeleteUser", Deleted, "identitystore.user", "q:userId"),
	does("sso-directory", "CreateGroup", Created, "identitystore.group", "r:group.groupId|r:groupId"),
	does("sso-directory", "UpdateGroup", Changed, "identitystore.group", "q:groupId"),
	does("sso-directory", "AddMemberToGroup", Changed, "identitystore.group", "q:groupId").granting(),
	does("sso-directory", "RemoveMemberFromGroup", Changed, "identitystore.group", "q:groupId"),
	does("sso-directory", "DeleteGroup", Deleted, "identitystore.group", "q:groupId"),
	does("identitystore", "CreateUser", Created, "identitystore.user", "r:userId"),
	does("identitystore", "UpdateUser", Changed, "identitystore.user", "q:userId"),
	does("identitystore", "DeleteUser", Deleted, "identitystore.user", "q:userId"),
	does("identitystore", "CreateGroup", Created, "identitystore.group", "r:groupId"),
	does("identitystore", "UpdateGroup", Changed, "identitystore.group", "q:groupId"),
	does("identitystore", "CreateGroupMembership", Changed, "identitystore.group", "q:groupId").granting(),
	does("identitystore", "DeleteGroup", Deleted, "identitystore.group", "q:groupId"),

	does("organizations", "CreateAccount", Created, "organizations.account", "r:createAccountStatus.accountId"),
	does("organizations", "CreateGovCloudAccount", Created, "organizations.account", "r:createAccountStatus.accountId"),
	does("organizations", "MoveAccount", Changed, "organizations.account", "q:accountId"),
	does("organizations", "CloseAccount", Changed, "organizations.account", "q:accountId"),
	does("organizations", "RemoveAccountFromOrganization", Deleted, "organizations.account", "q:accountId"),
	does("organizations", "CreatePolicy", Created, "organizations.policy", "r:policy.policySummary.id"),
	does("organizations", "UpdatePolicy", Changed, "organizations.policy", "q:policyId").granting(),
	does("organizations", "AttachPolicy", Changed, "organizations.policy", "q:policyId"),
	does("organizations", "DetachPolicy", Changed, "organizations.policy", "q:policyId").granting(),
	does("organizations", "DeletePolicy", Deleted, "organizations.policy", "q:policyId"),
	does("organizations", "InviteAccountToOrganization", Created, "organizations.handshake", "r:handshake.id"),
	does("organizations", "AcceptHandshake", Changed, "organizations.handshake", "r:handshake.id|q:handshakeId").granting(),
	does("organizations", "DeclineHandshake", Changed, "organizations.handshake", "r:handshake.id|q:handshakeId"),
	does("organizations", "CancelHandshake", Deleted, "organizations.handshake", "r:handshake.id|q:handshakeId"),
}

// Kinds whose ID one path of a record does not tell.
const (
	passwordPolicy = "iam.account-password-policy"
	assignment     = "sso.assignment"
)

// refineIdentity says what the table cannot in a line.
func refineIdentity(e event.Event, d *Deed) {
	switch d.Ref.Kind {
	case passwordPolicy:
		d.Ref.ID = "account"
	case assignment:
		// An assignment in another account is none of this one's.
		if to := findOne(e, "q:targetId"); d.Ref.ID == "" || to != "" && to != d.Ref.Account {
			d.Ref.ID = ""
			return
		}
		d.Ref.ID = strings.Join([]string{d.Ref.ID, findOne(e, "q:principalType"), findOne(e, "q:principalId")}, "|")
	}
}
