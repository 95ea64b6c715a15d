"""Seeding: what moto draws for a scenario is no matter of chance."""

from __future__ import annotations

import sys
import unittest
from types import ModuleType

from moto.moto_api._internal import mock_random

from cordonlab import seeding


class Drawn(unittest.TestCase):
    def draw(self, name: str) -> dict:
        """What a scenario of that name is given."""
        module = ModuleType(f"cordonlab.scenarios.{name}")
        module.build = lambda lab, now: {"drawn": [mock_random.get_random_string(40), str(mock_random.uuid4())]}
        sys.modules[module.__name__] = module
        self.addCleanup(sys.modules.pop, module.__name__, None)
        self.addCleanup(seeding.reset)
        return seeding.build(name, None, lambda: None)

    def test_every_build_draws_the_same(self):
        first = self.draw("one_story")
        mock_random.random()
        self.assertEqual(self.draw("one_story"), first)

    def test_every_story_draws_its_own(self):
        self.assertNotEqual(self.draw("one_story"), self.draw("another_story"))


if __name__ == "__main__":
    unittest.main()
