"""Buckets that evidence is copied to: what S3 refuses, and moto 5.2.1 lets pass.

moto takes an object whose checksum is not that of its bytes, does not look at the account that a bucket is expected to
belong to, answers for a bucket in any region, and asks for no permission of its own where an object is locked.
"""
import base64
import hashlib

from . import identity, registry


@registry.installer
def install():
    from moto.s3.exceptions import S3ClientError
    from moto.s3.responses import S3Response

    class BadDigest(S3ClientError):
        code, status = "BadDigest", 400

        def __init__(self):
            super().__init__("BadDigest", "The SHA256 you specified did not match the calculated checksum.")

    put, listed = S3Response.put_object, S3Response.list_objects_v2

    def put_object(self):
        """AWS: "When you use this header, you provide the Base64 encoded, 256-bit SHA256 digest of the object"; one
        that is not that of the bytes received is refused."""
        given = self.headers.get("x-amz-checksum-sha256")
        if given and given != base64.b64encode(hashlib.sha256(self.body or b"").digest()).decode():
            raise BadDigest
        return put(self)

    class PermanentRedirect(S3ClientError):
        code, status = "PermanentRedirect", 301

        def __init__(self):
            super().__init__("PermanentRedirect", "The bucket you are attempting to access must be addressed using the "
                                                  "specified endpoint.")

    def list_objects_v2(self):
        """AWS: a bucket of another region is "301 Moved Permanently", and x-amz-bucket-region says of which."""
        there = self.backend.get_bucket(self.bucket_name).region_name
        if there == self.region:
            return listed(self)
        from moto.core.responses import ActionResult
        _, headers, body = self.serialized(ActionResult(PermanentRedirect()))
        return 301, {**headers, "x-amz-bucket-region": there}, body

    S3Response.put_object, S3Response.list_objects_v2 = put_object, list_objects_v2


@registry.installer
def expect_owners():
    """AWS: "If the account ID that you provide does not match the actual owner of the bucket, the request fails with the
    HTTP status code 403 Forbidden (access denied)". And to put a locked object takes s3:PutObjectRetention."""
    before = registry.authorize

    def authorize(call, who):
        refused = before(call, who) if before else None
        if refused is not None or call.service != "s3":
            return refused
        bucket, key = call.uri_params.get("Bucket"), call.uri_params.get("Key")
        expected = call.headers.get("X-Amz-Expected-Bucket-Owner")
        if expected and bucket and _owner(bucket) not in (None, expected):
            return registry.AwsError(403, "AccessDenied", "Access Denied")
        locks = call.op == "PutObject" and "X-Amz-Object-Lock-Mode" in call.headers
        if locks and not identity.is_root(who):
            return identity.check(call, who, "s3:PutObjectRetention", f"arn:aws:s3:::{bucket}/{key}")
        return None

    registry.authorizes(authorize)


def _owner(bucket):
    """The account of a bucket; None where there is none."""
    from moto.s3.models import s3_backends
    return (s3_backends.bucket_accounts.get(bucket) or (None, None))[1]
