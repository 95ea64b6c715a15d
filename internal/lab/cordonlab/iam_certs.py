"""Certificates and identity providers with their true dates. moto gives every server certificate the dates of the
documentation's example (2010 to 2012) and every SAML provider an end in 2032."""
from cryptography import x509

from . import authview, registry, sessions
from .iam_users import unique_id


@registry.installer
def install():
    from moto.iam.models import Certificate, SAMLProvider
    _dated(Certificate)
    _year(SAMLProvider)


def _dated(cls):
    original = cls.__init__

    def __init__(self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.upload_date, self.certificate_id = sessions.now(), unique_id("ASCA")

    cls.__init__ = __init__


def _year(cls):
    """AWS: a SAML provider is valid as long as the certificate in its metadata; here a hundred years."""
    original = cls.__init__

    def __init__(self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.valid_until = self.create_date.replace(year=self.create_date.year + 100, day=1)

    cls.__init__ = __init__


def _expiration(certificate):
    """The end of validity that the certificate itself names; none if it is no certificate."""
    try:
        parsed = x509.load_pem_x509_certificate((certificate.cert_body or "").encode())
        return parsed.not_valid_after_utc.replace(tzinfo=None)
    except (ValueError, TypeError, AttributeError):
        return None


def _metadata(certificate):
    shape = {"ServerCertificateName": certificate.cert_name, "Path": certificate.path, "Arn": certificate.arn,
             "ServerCertificateId": certificate.certificate_id, "UploadDate": certificate.upload_date}
    end = _expiration(certificate)
    return {**shape, "Expiration": end} if end else shape


@registry.after("iam:ListServerCertificates")
def list_certificates(call, account, result):
    certificates = list(authview.backend(account).certificates.values())
    prefix = call.params.get("PathPrefix") or "/"
    result["ServerCertificateMetadataList"] = [_metadata(c) for c in certificates if c.path.startswith(prefix)]
    return result


@registry.after("iam:GetServerCertificate", "iam:UploadServerCertificate")
def get_certificate(call, account, result):
    named = call.params["ServerCertificateName"]
    held = authview.backend(account).certificates.values()  # moto keys them by ARN or id, not by name
    certificate = next((c for c in list(held) if c.cert_name == named), None)
    if certificate is None:
        return result
    holder = result["ServerCertificate"] if "ServerCertificate" in result else result
    holder["ServerCertificateMetadata"] = _metadata(certificate)
    return result
