import pytest

from toolkit.articles.outlets import Outlets, find_outlet, outlets_of
from toolkit.errors import ConfigError


def row(ident, aliases="", since="", until="", country="XS"):
    return {
        "id": ident,
        "aliases": aliases,
        "country": country,
        "language": "en",
        "valid_from": since,
        "valid_to": until,
    }


def test_any_alias_in_any_case_means_the_outlet(outlets):
    for name in ("northern_post", "Northern Post", " THE  NORTHERN POST "):
        assert find_outlet([name], None, outlets).id == "northern_post"
    assert find_outlet(["The People's Lantern"], None, outlets) == find_outlet(["The People’s Lantern"], None, outlets)


def test_the_date_decides_between_two_that_bore_one_name():
    table = outlets_of([row("old", "Herald", until="2019-12-31"), row("new", "Herald", since="2020-01-01")])
    assert find_outlet(["Herald"], "2019-12-31T23:00", table).id == "old"
    assert find_outlet(["Herald"], "2020-01-01", table).id == "new"
    assert find_outlet(["Herald"], None, table) is None


def test_two_rows_of_one_outlet_are_no_contradiction():
    table = outlets_of(
        [row("post", "Post", until="2019-12-31", country="XS"), row("post", "Post", since="2020-01-01", country="XT")]
    )
    assert [find_outlet(["post"], day, table).country for day in ("2019-05-05", "2021-05-05")] == ["XS", "XT"]


def test_one_name_for_two_outlets_on_one_day_is_refused():
    with pytest.raises(ConfigError, match="'herald' means 'a' and 'b' on the same day"):
        outlets_of([row("a", "Herald"), row("b", "Herald", since="2020-01-01")])


def test_a_table_without_a_column_says_which():
    with pytest.raises(ConfigError, match="no column 'valid_to'"):
        outlets_of([dict.fromkeys(("id", "aliases", "country", "language", "valid_from"), "")])


def test_an_unknown_outlet_is_none(outlets):
    assert find_outlet(["Nowhere Times", None, ""], None, outlets) is None
    assert find_outlet(["chronicle"], None, Outlets()) is None


def test_an_article_gets_the_outlet_and_its_country(tmp_path, take, outlets):
    (tmp_path / "a.csv").write_text("text,outlet\nThe dyke held at Lowmarsh on Monday.,The Northern Post\n")
    article = take(tmp_path / "a.csv", outlets=outlets).articles[0]
    assert (article.outlet, article.country, article.language) == ("northern_post", "XS", "en")


def test_the_host_of_a_page_may_be_an_alias(tmp_path, take):
    table = outlets_of([row("post", "post.example")])
    (tmp_path / "a.csv").write_text("text,url\nThe dyke held.,https://www.post.example/a\n")
    assert take(tmp_path / "a.csv", outlets=table).articles[0].outlet == "post"
