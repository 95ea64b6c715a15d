"""The evaluator, without moto."""
import json
import unittest

from cordonlab import conditions, policy, resources

ACCOUNT = "111122223333"
USER = f"arn:aws:iam::{ACCOUNT}:user/alice"


def doc(*statements, version="2012-10-17"):
    return json.dumps({"Version": version, "Statement": list(statements)})


def st(effect, action="*", resource="*", **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def ev(documents, action="iam:ListUsers", resource="*", context=None):
    return policy.evaluate(documents, action, resource, context or {})


class Control(unittest.TestCase):
    """Service control policies: an allow at every level, and a deny at any."""

    def decide(self, *levels, identity=None):
        found = policy.PolicySet(identity or [doc(st("Allow"))], control=list(levels))
        return policy.decide(found, "iam:ListUsers", "*", {"aws:principalarn": USER})

    def test_every_level_must_allow(self):
        full = [doc(st("Allow"))]
        self.assertEqual(policy.ALLOW, self.decide(full, full))
        self.assertEqual(policy.NONE, self.decide(full, []))
        self.assertEqual(policy.NONE, self.decide([doc(st("Allow", "s3:*"))], full))

    def test_a_deny_at_any_level_wins(self):
        full = [doc(st("Allow"))]
        him = doc(st("Deny", Condition={"ArnLike": {"aws:PrincipalArn": [USER]}}))
        other = doc(st("Deny", Condition={"ArnLike": {"aws:PrincipalArn": [USER + "x"]}}))
        self.assertEqual(policy.DENY, self.decide(full, [*full, him]))
        self.assertEqual(policy.ALLOW, self.decide(full, [*full, other]))

    def test_they_allow_nothing_by_themselves(self):
        self.assertEqual(policy.NONE, self.decide([doc(st("Allow"))], identity=[doc(st("Allow", "s3:*"))]))


class Evaluation(unittest.TestCase):
    def test_nothing_is_an_implicit_deny(self):
        self.assertEqual(policy.NONE, ev([]))

    def test_explicit_deny_wins_in_any_order(self):
        for documents in ([doc(st("Allow"), st("Deny"))], [doc(st("Deny")), doc(st("Allow"))]):
            self.assertEqual(policy.DENY, ev(documents))

    def test_actions(self):
        for pattern, action, want in [
            ("iam:*", "iam:ListUsers", True), ("IAM:listusers", "iam:ListUsers", True), ("iam:List?sers",
             "iam:ListUsers", True), ("iam:Get*", "iam:ListUsers", False), ("*", "s3:GetObject", True),
            (["s3:*", "iam:List*"], "iam:ListUsers", True), ("iam", "iam:ListUsers", False)]:
            with self.subTest(pattern=pattern):
                self.assertEqual(want, ev([doc(st("Allow", pattern))], action) == policy.ALLOW)

    def test_not_action(self):
        document = doc({"Effect": "Deny", "NotAction": ["iam:*"], "Resource": "*"})
        self.assertEqual(policy.NONE, ev([document], "iam:ListUsers"))
        self.assertEqual(policy.DENY, ev([document], "ec2:RunInstances"))

    def test_resources(self):
        document = doc(st("Allow", "iam:*", "arn:aws:iam::*:user/${aws:username}"))
        self.assertEqual(policy.ALLOW, ev([document], "iam:CreateAccessKey", USER, {"aws:username": "alice"}))
        self.assertEqual(policy.NONE, ev([document], "iam:CreateAccessKey", USER, {"aws:username": "bob"}))
        self.assertEqual(policy.NONE, ev([document], "iam:CreateAccessKey", USER))

    def test_not_resource(self):
        document = doc({"Effect": "Deny", "Action": "*", "NotResource": USER})
        self.assertEqual(policy.NONE, ev([document], resource=USER))
        self.assertEqual(policy.DENY, ev([document], resource="arn:aws:iam::111122223333:user/bob"))

    def test_a_variable_is_no_wildcard(self):
        document = doc(st("Allow", "*", "arn:aws:s3:::${aws:username}"))
        self.assertEqual(policy.NONE, ev([document], "s3:GetObject", "arn:aws:s3:::all", {"aws:username": "*"}))

    def test_old_documents_know_no_variables(self):
        document = doc(st("Allow", "*", "arn:aws:s3:::${aws:username}"), version="2008-10-17")
        self.assertEqual(policy.NONE, ev([document], "s3:GetObject", "arn:aws:s3:::bob", {"aws:username": "bob"}))

    def test_defaults_and_literals(self):
        context = {}
        self.assertEqual("x-guest", conditions.expand("x-${aws:username, 'guest'}", context))
        self.assertEqual("*?$", conditions.expand("${*}${?}${$}", context))

    def test_malformed_documents_do_nothing(self):
        for text in ("", "{", "[]", "null", "5", '{"Statement": 5}', '{"Statement": ["x"]}',
                     '{"Statement": {"Effect": "allow", "Action": "*"}}', '{"Statement": {"Effect": "Allow"}}',
                     '{"Statement": {"Effect": "Allow", "Action": [5], "Resource": [null]}}', "[" * 100000):
            with self.subTest(text=text[:40]):
                self.assertEqual(policy.NONE, ev([text]))

    def test_boundary_and_session_must_allow_too(self):
        admin = [doc(st("Allow"))]
        reader = [doc(st("Allow", "iam:List*"))]
        self.assertEqual(policy.ALLOW, policy.decide(policy.PolicySet(admin, reader, reader), "iam:ListUsers", "*", {}))
        self.assertEqual(policy.NONE, policy.decide(policy.PolicySet(admin, reader), "iam:DeleteUser", "*", {}))
        self.assertEqual(policy.NONE, policy.decide(policy.PolicySet(admin, None, []), "iam:ListUsers", "*", {}))
        self.assertEqual(policy.NONE, policy.decide(policy.PolicySet([], admin, admin), "iam:ListUsers", "*", {}))
        denying = [doc(st("Allow"), st("Deny", "iam:DeleteUser"))]
        self.assertEqual(policy.DENY, policy.decide(policy.PolicySet(admin, denying), "iam:DeleteUser", "*", {}))


class Conditions(unittest.TestCase):
    CONTEXT = {"aws:username": "alice", "aws:SourceIp": "203.0.113.7", "aws:CurrentTime": "2026-11-21T10:00:00Z",
               "aws:MultiFactorAuthPresent": "false", "n": "5", "multi": ["a", "b"], "bin": "aGk=",
               "aws:PrincipalArn": USER}

    def test_operators(self):
        for want, operator, key, value in [
            (True, "StringEquals", "aws:username", "alice"), (False, "StringEquals", "aws:username", "Alice"),
            (True, "stringequals", "AWS:UserName", ["bob", "alice"]),
            (True, "StringEqualsIgnoreCase", "aws:username", "ALICE"),
            (False, "StringNotEqualsIgnoreCase", "aws:username", "ALICE"),
            (True, "StringNotEquals", "aws:username", "bob"),
            (False, "StringNotEquals", "aws:username", ["bob", "alice"]), (True, "StringNotEquals", "none", "x"),
            (True, "StringLike", "aws:username", "al*"), (False, "StringNotLike", "aws:username", "al*"),
            (True, "IpAddress", "aws:SourceIp", "203.0.113.0/24"), (True, "IpAddress", "aws:SourceIp", "203.0.113.7"),
            (False, "NotIpAddress", "aws:SourceIp", "203.0.113.0/24"), (False, "IpAddress", "aws:SourceIp", "bad"),
            (True, "NumericEquals", "n", 5), (True, "NumericLessThan", "n", "6"), (False, "NumericLessThan", "n", "5"),
            (True, "NumericLessThanEquals", "n", "5"), (True, "NumericGreaterThanEquals", "n", "5"),
            (False, "NumericNotEquals", "n", "5"), (False, "NumericGreaterThan", "n", "x"),
            (True, "DateLessThan", "aws:CurrentTime", "2026-11-21T10:00:01Z"),
            (False, "DateLessThan", "aws:CurrentTime", "2026-11-21T10:00:00.000Z"),
            (True, "DateGreaterThan", "aws:CurrentTime", "1700000000"),
            (False, "DateGreaterThan", "aws:CurrentTime", "yesterday"),
            (True, "DateEquals", "aws:CurrentTime", "2026-11-21T11:00:00+01:00"),
            (True, "Bool", "aws:MultiFactorAuthPresent", False), (False, "Bool", "none", "false"),
            (True, "BoolIfExists", "none", "true"), (False, "BoolIfExists", "aws:MultiFactorAuthPresent", "true"),
            (True, "Null", "none", "true"), (False, "Null", "aws:username", "true"),
            (True, "Null", "aws:username", False), (True, "BinaryEquals", "bin", "aGk="),
            (False, "BinaryEquals", "bin", "!"), (True, "ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:user/*"),
            (False, "ArnEquals", "aws:PrincipalArn", "arn:aws:iam::1*:role/*"),
            (False, "ArnLike", "aws:PrincipalArn", "arn:*"), (True, "ArnNotLike", "none", "arn:aws:iam::*:role/*"),
            (True, "ForAnyValue:StringEquals", "multi", ["b", "c"]),
            (False, "ForAllValues:StringEquals", "multi", ["b", "c"]),
            (True, "ForAllValues:StringEquals", "multi", ["a", "b", "c"]),
            (True, "ForAllValues:StringEquals", "none", "x"), (False, "ForAnyValue:StringEquals", "none", "x"),
            (True, "ForAnyValue:StringNotEquals", "multi", "a"), (False, "ForAllValues:StringNotEquals", "multi", "a"),
            (False, "StringSounds", "aws:username", "alice"), (False, "ForSome:StringEquals", "multi", "a"),
            (True, "StringEquals", "aws:username", "${aws:username}"), (False, "StringEquals", "n", "${none}")]:
            with self.subTest(operator=operator, key=key, value=value):
                self.assertEqual(want, conditions.met({operator: {key: value}}, self.CONTEXT))

    def test_all_must_be_met(self):
        both = {"StringEquals": {"aws:username": "alice", "n": "6"}}
        self.assertFalse(conditions.met(both, self.CONTEXT))

    def test_revoke_older_sessions_spares_keys_and_new_sessions(self):
        """AWSRevokeOlderSessions: aws:TokenIssueTime is absent for long-term keys."""
        revoke = doc(st("Deny", Condition={"DateLessThan": {"aws:TokenIssueTime": "2026-11-21T10:00:00Z"}}))
        self.assertEqual(policy.NONE, ev([revoke]))
        for issued, want in (("2026-11-21T09:59:59Z", policy.DENY), ("2026-11-21T10:00:01Z", policy.NONE)):
            self.assertEqual(want, ev([revoke], context={"aws:TokenIssueTime": issued}))

    def test_malformed(self):
        self.assertFalse(conditions.met("x", {}))
        self.assertFalse(conditions.met({"StringEquals": "x"}, {}))


class Trust(unittest.TestCase):
    ROOT = f"arn:aws:iam::{ACCOUNT}:root"

    def trust(self, principal, caller=None, action="sts:AssumeRole", context=None, **more):
        document = doc({"Effect": "Allow", "Principal": principal, "Action": action, **more})
        return policy.trust(document, "sts:AssumeRole", caller or policy.Caller(ACCOUNT, USER, ("AIDA1",)),
                            context or {})

    def test_principals(self):
        for principal, how in [
            ("*", "direct"), ({"AWS": "*"}, "direct"), ({"AWS": USER}, "direct"), ({"AWS": ["x", USER]}, "direct"),
            ({"AWS": "AIDA1"}, "direct"), ({"AWS": self.ROOT}, "account"), ({"AWS": ACCOUNT}, "account"),
            ({"AWS": "arn:aws:iam::999988887777:root"}, None), ({"Service": "ec2.amazonaws.com"}, None), (5, None),
            ({"AWS": {"x": 1}}, None)]:
            with self.subTest(principal=principal):
                decision, found = self.trust(principal)
                self.assertEqual((policy.ALLOW if how else policy.NONE, how), (decision, found))

    def test_service_and_federated(self):
        service = policy.Caller("", "ec2.amazonaws.com", kind="Service")
        self.assertEqual(policy.ALLOW, self.trust({"Service": ["ec2.amazonaws.com"]}, service)[0])
        idp = policy.Caller("", "arn:aws:iam::1:saml-provider/x", kind="Federated")
        self.assertEqual(policy.ALLOW, self.trust({"Federated": "arn:aws:iam::1:saml-provider/x"}, idp)[0])

    def test_conditions(self):
        external = {"Condition": {"StringEquals": {"sts:ExternalId": "s3cret"}}}
        self.assertEqual(policy.NONE, self.trust("*", **external)[0])
        self.assertEqual(policy.ALLOW, self.trust("*", context={"sts:ExternalId": "s3cret"}, **external)[0])
        mfa = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
        self.assertEqual(policy.NONE, self.trust("*", **mfa)[0])

    def test_not_principal(self):
        document = doc({"Effect": "Deny", "NotPrincipal": {"AWS": USER}, "Action": "*"},
                       {"Effect": "Allow", "Principal": "*", "Action": "*"})
        for arn, want in ((USER, policy.ALLOW), (USER + "2", policy.DENY)):
            self.assertEqual(want, policy.trust(document, "sts:AssumeRole", policy.Caller(ACCOUNT, arn), {})[0])

    def test_who_needs_an_own_permission(self):
        same, other = policy.Caller(ACCOUNT, USER), policy.Caller("999988887777", "x")
        self.assertFalse(policy.foreign_needs_identity("direct", ACCOUNT, same))
        self.assertTrue(policy.foreign_needs_identity("account", ACCOUNT, same))
        self.assertTrue(policy.foreign_needs_identity("direct", ACCOUNT, other))


class Resources(unittest.TestCase):
    def test_arns(self):
        for service, op, params, want in [
            ("iam", "CreateAccessKey", {"UserName": "alice"}, USER), ("iam", "ListUsers", {}, "*"),
            ("iam", "AttachUserPolicy", {"UserName": "alice", "PolicyArn": "arn:aws:iam::aws:policy/X"}, USER),
            ("iam", "GetPolicy", {"PolicyArn": "arn:aws:iam::aws:policy/X"}, "arn:aws:iam::aws:policy/X"),
            ("iam", "CreatePolicy", {"PolicyName": "p"}, f"arn:aws:iam::{ACCOUNT}:policy/p"),
            ("iam", "AddUserToGroup", {"UserName": "alice", "GroupName": "g"}, f"arn:aws:iam::{ACCOUNT}:group/g"),
            ("ec2", "TerminateInstances", {"InstanceIds": ["i-1"]}, f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1"),
            ("ec2", "DescribeInstances", {"InstanceIds": ["i-1"]}, "*"),
            ("ec2", "DeleteSnapshot", {"SnapshotId": "snap-1"}, "arn:aws:ec2:eu-west-1::snapshot/snap-1"),
            ("lambda", "GetFunction", {"FunctionName": "f"}, f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"),
            ("lambda", "GetLayerVersion", {"LayerName": "l", "VersionNumber": 2},
             f"arn:aws:lambda:eu-west-1:{ACCOUNT}:layer:l:2"),
            ("s3", "GetObject", {"Bucket": "b", "Key": "k"}, "arn:aws:s3:::b/k"),
            ("s3", "ListBuckets", {}, "*"), ("sts", "AssumeRole", {"RoleArn": "arn:r"}, "arn:r"),
            ("cloudtrail", "StopLogging", {"Name": "t"}, f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/t"),
            ("guardduty", "DeleteDetector", {"DetectorId": "d"}, f"arn:aws:guardduty:eu-west-1:{ACCOUNT}:detector/d"),
            ("kms", "ListKeys", {}, "*")]:
            with self.subTest(op=op):
                self.assertEqual([want], resources.resources(service, op, params, "eu-west-1", ACCOUNT))

    def test_actions(self):
        self.assertEqual("lambda:InvokeFunction", resources.action("lambda", "Invoke"))
        self.assertEqual("s3:ListAllMyBuckets", resources.action("s3", "ListBuckets"))
        self.assertEqual("states:ListStateMachines", resources.action("stepfunctions", "ListStateMachines"))


if __name__ == "__main__":
    unittest.main()
