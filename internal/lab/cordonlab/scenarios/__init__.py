"""Scenarios: stories that fill the lab's account by real calls.

Each scenario is a module with build(lab, now) -> dict. lab is a world.World,
now the end of the story; the dict is the ground truth that tests compare with.
"""

SCENARIOS = ("calm", "night", "siege")
