import pytest

from toolkit.articles.origins import OriginMatch, agencies_of, agency_named, find_origin
from toolkit.errors import ConfigError
from toolkit.files import read_jsonl
from toolkit.records import Article


@pytest.mark.parametrize(
    ("text", "agency", "rule"),
    [
        ("ARDENPORT (Reuters) - The harbour tax rises.", "reuters", "dateline"),
        ("ARDENPORT, Dec. 5 (Reuters) — The harbour tax rises.", "reuters", "dateline"),
        ("ESKDALE, Selmara (AP) — The harbour tax rises.", "ap", "dateline"),
        ("Harbour tax rises\n\nARDENPORT (dpa/AFP) - The cabinet met.", "dpa", "dateline"),
        ("ARDENPORT ( AP ) — The harbour tax rises.", "ap", "dateline"),
        ("ARDENPORT (AP)  â\x80\x94 The harbour tax rises.", "ap", "dateline"),
        ("Ardenport (AFP) â€“ The harbour tax rises.", "afp", "dateline"),
        ("ARDENPORT, Selmara/ESKDALE (Reuters) - The harbour tax rises.", "reuters", "dateline"),
        ("Tax\n\n1 of 5 A.\n\n2 of 5 B.\n\n3 of 5 C.\n\n4 of 5 D.\n\nARDENPORT (AP) — It rises.", "ap", "dateline"),
        ("ARDENPORT, May 3. /TASS/. The harbour tax rises.", "tass", "dateline"),
        ("АРДЕНПОРТ, 1 дек — РИА Новости. Налог вырос.", "ria", "dateline"),
        ("АРДЕНПОРТ, 1 дек\xa0— РИА Новости, Иван Иванов. Налог вырос.", "ria", "dateline"),
        ("Ardenport, 3 may (EFE).- El impuesto sube.", "efe", "dateline"),
        ("KOTA ARDENPORT, 7 Dis (Bernama) -- Cukai naik.", "bernama", "dateline"),
        ("Harbour tax rises\n\nBy Jane Doe, Associated Press\n\nThe cabinet met.", "ap", "byline"),
        ("Harbour tax rises\n\nReuters\n\nThe cabinet met.", "reuters", "byline"),
        ("Harbour tax rises\n\nBy JANE DOE, AP Sports Writer\n\nThe cabinet met.", "ap", "byline"),
        ("The cabinet met.\n\nA.\n\nB.\n\nC.\n\nD.\n\nThe house sits again in May. PTI", "pti", "credit"),
        ("Harbour tax rises\n\nThe cabinet met.\n\nIt rises in May.\n\nNo more is known. — SNA", "sna", "credit"),
        (
            "One.\n\nTwo.\n\nThree.\n\nFour.\n\nFive.\n\n— SNA\n\n© Northern Post 2024. All rights reserved",
            "sna",
            "credit",
        ),
        ("One.\n\nTwo.\n\nThree.\n\nFour.\n\nFive.\n\nThe house sits again in May (AP)", "ap", "credit"),
        ("One.\n\nTwo.\n\nThree.\n\nFour.\n\nFive.\n\nSource: AFP", "afp", "credit"),
        ("One.\n\nTwo.\n\nAssociated Press writers Jane Doe and Joe Roe in Eskdale contributed.", "ap", "credit"),
    ],
)
def test_the_form_names_the_agency(text, agency, rule, agencies):
    assert find_origin(text, None, agencies) == OriginMatch(agency=agency, rule=rule)


@pytest.mark.parametrize(
    "text",
    [
        "The minister told Reuters on Monday that the tax rises.",
        "The minister spoke to the AP.",
        "The Associated Press of Ardenport (AP) was founded in 1901 and the people remember it.",
        "The plan (AP) was good.",
        "One.\n\nTwo.\n\nThree.\n\nFour.\n\nFive.\n\nNurses at the gate. Photo: Bo Castrell (AP)",
        "One.\n\nTwo.\n\nThree.\n\nFour.\n\nFive.\n\nReporting by Jane Doe; editing by Joe Roe",
        "The map of the harbour",
        "One.\n\nTwo.\n\nThree.\n\nFour.\n\nFive.\n\nThe quay in February 2017. REUTERS/Jane Doe",
        "Harbour tax rises\n\nJane Doe/Reuters\n\nThe cabinet met.",
        "One.\n\nTwo.\n\nThe Associated Press contributed to this report.",
        "One.\n\nTwo.\n\nThe quay in winter, as the harbour master saw it. (The Chronicle via AP)",
        "Harbour tax rises\n\nJane Doe | Bloomberg | Getty Images\n\nThe cabinet met.",
        "",
    ],
)
def test_a_mention_is_no_origin(text, agencies):
    assert find_origin(text, None, agencies) is None


@pytest.mark.parametrize(
    ("author", "agency"),
    [
        ("Reuters", "reuters"),
        ("By J. DOE, AP National Political Writer", "ap"),
        ("Jane Doe, AP", "ap"),
        ("Jane Doe | Associated Press", "ap"),
        ("Tara Apple", None),
        ("", None),
    ],
)
def test_the_author_may_be_an_agency(author, agency, agencies):
    found = find_origin("The cabinet met.", author, agencies)
    assert (found.agency if found else None) == agency


def test_in_the_sample_the_two_wire_stories_are_found_and_nothing_else(root, agencies):
    articles = read_jsonl(root / "data/raw/sample.jsonl", Article)
    found = {article.id for article in articles if find_origin(article.text, article.author, agencies)}
    assert found == {article.id for article in articles if article.origin != article.outlet}


def test_a_name_that_two_agencies_bear_is_refused():
    with pytest.raises(ConfigError, match="'Wire' is a name of 'a' and of 'b'"):
        agencies_of([{"id": "a", "names": "Wire"}, {"id": "b", "names": "Other;Wire"}])


def test_short_names_count_only_as_they_are_spelt(agencies):
    assert agency_named("AP", agencies) == "ap"
    assert agency_named("ap", agencies) is None
    assert agency_named("REUTERS", agencies) == "reuters"
