"""The gradient certificate: this network's dW[l] and db[l] against two other derivations of them.

`record` holds what a certificate says, `analytic` the cost of a network for complex numbers, `kinks`
where a derivative jumps, `claim` what is to be proved, `proving` the proof itself.
"""

from ellnet.certificate.proving import certify
from ellnet.certificate.record import Certificate, Check, Kink, ShapeCheck, digest_of

__all__ = ["Certificate", "Check", "Kink", "ShapeCheck", "certify", "digest_of"]
