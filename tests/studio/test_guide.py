"""The guide for leaders names a test for each claim: the tests must be there."""

import re


def test_every_test_that_the_guide_names_exists(pytestconfig):
    root = pytestconfig.rootpath
    named = set(re.findall(r"`((?:tests/\w+/)?test_\w+\.py)`", (root / "docs" / "label-studio.md").read_text()))
    assert named
    for name in sorted(named):
        path = root / (name if "/" in name else f"tests/studio/{name}")
        assert path.exists(), name


def test_every_setting_of_a_team_server_that_the_guide_names_is_tried(pytestconfig):
    root = pytestconfig.rootpath
    guide = (root / "docs" / "label-studio.md").read_text()
    exported = set(re.findall(r"\b([A-Z][A-Z_]+)=", guide)) - {"LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"}
    tried = (root / "tests" / "studio" / "test_facts.py").read_text()
    tried += (root / "toolkit" / "studio" / "serving" / "program.py").read_text()
    assert exported
    assert [name for name in sorted(exported) if f'"{name}"' not in tried] == []
