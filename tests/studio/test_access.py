import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import StudioError
from toolkit.studio.access import is_local, plain_url


@pytest.mark.parametrize(
    ("given_url", "shown"),
    [
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("  https://Studio.Example/ls//", "https://studio.example/ls"),
        ("https://ann:s3cret@studio.example", "https://studio.example"),
        ("http://[::1]:8080/projects/3/data?tab=1#x", "http://[::1]:8080/projects/3/data"),
    ],
)
def test_an_address_is_shown_without_credentials_and_decoration(given_url, shown):
    assert plain_url(given_url) == shown


@pytest.mark.parametrize("wrong", ["", "studio.example:8080", "ftp://studio.example", "http://", "http://a:b@c:port"])
def test_what_is_no_address_is_refused_with_an_example(wrong):
    with pytest.raises(StudioError, match=r"http://127\.0\.0\.1:8080") as refusal:
        plain_url(wrong)
    assert "a:b" not in str(refusal.value)


@given(st.text(alphabet=st.characters(codec="ascii", exclude_characters="@/?#[]\\\t\n\r"), min_size=1))
def test_a_password_in_an_address_never_shows(password):
    assert plain_url(f"http://ann:{password}@studio.example/x") == "http://studio.example/x"


def test_only_this_machine_is_local():
    assert is_local("http://localhost:1")
    assert is_local("http://[::1]:1")
    assert not is_local("http://127.0.0.1.example")
