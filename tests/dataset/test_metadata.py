import pytest

from toolkit.dataset.metadata import LANGUAGES, LICENCES, gaps, language_metadata, licence_metadata, size_category
from toolkit.steps.init import init_workspace
from toolkit.workspace import read_campaign


@pytest.fixture
def workspace(tmp_path):
    init_workspace(tmp_path)
    (tmp_path / "data" / "raw" / "articles.jsonl").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("rows", "category"),
    [
        (0, "n<1K"),
        (999, "n<1K"),
        (1_000, "1K<n<10K"),
        (100_000, "100K<n<1M"),
        (1_000_000, "1M<n<10M"),
        (10**12, "n>1T"),
    ],
)
def test_the_size_category_is_one_of_the_hub(rows, category):
    assert size_category(rows) == category


def test_a_licence_that_the_hub_does_not_know_is_named_as_other():
    assert licence_metadata(" CC0-1.0 ") == ("cc0-1.0", None)
    assert licence_metadata("ask the archive") == ("other", "ask the archive")
    assert licence_metadata("") == ("unknown", None)


def test_only_iso_codes_are_languages():
    assert language_metadata({"EN", "sr", "und", "xx", "english", "bar"}) == ["bar", "en", "sr"]
    assert {"en", "ru", "be", "uk", "zh"} < LANGUAGES
    assert {"cc-by-4.0", "odbl", "other", "unknown"} < LICENCES


def test_the_sample_campaign_has_no_gaps(workspace):
    assert gaps(read_campaign(workspace / "schemas" / "demo.toml")) == []


def test_the_template_says_what_is_yet_to_be_filled_in(workspace):
    sentences = gaps(read_campaign(workspace / "schemas" / "campaign.toml"))
    assert [sentence.split(":")[0] for sentence in sentences] == ["`description`", "`licence`", "`targets`"]


def test_a_licence_with_a_slip_gets_the_nearest(workspace):
    path = workspace / "schemas" / "demo.toml"
    path.write_text(path.read_text("utf-8").replace('"apache-2.0"', '"CC BY 4.0"'), "utf-8")
    assert gaps(read_campaign(path)) == [
        "`licence`: 'CC BY 4.0' is no id of the Hub; nearest 'cc-by-4.0'; the card calls it 'other' and names it"
    ]
