"""A busy machine makes an example slow, not wrong: no deadline for each."""

from hypothesis import settings

settings.register_profile("mesh-chaos", deadline=None)
settings.load_profile("mesh-chaos")
