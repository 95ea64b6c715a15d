"""The lab: an emulated AWS account for tests, demonstrations and drills.

moto keeps the state; this package puts around it what an incident needs and
moto does not have: a CloudTrail history of every real call, credentials that
stop working when they should, AWS's own refusals, faults, and forks.
"""

VERSION = "1"
