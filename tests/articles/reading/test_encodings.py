import pytest

from toolkit.articles.reading.encodings import decode, decode_page
from toolkit.errors import DataError

ENGLISH = "The “Civic Union” said on Tuesday — at the café — that it would raise the naïve minister’s taxes. " * 3
RUSSIAN = "Правительство заявило во вторник, что повысит налоги. Оппозиция выступает против. " * 3
BELARUSIAN = "Урад заявіў у аўторак, што павысіць падаткі. Апазіцыя выступае супраць. " * 3
SPANISH = "El Gobierno dijo el martes que subirá los impuestos. Según la oposición, es una decisión errónea. "
CATALAN = "El president ha dit avui que l’oposició no té raó, però que acceptarà la decisió. Això és tot. "
GERMAN = "Die Regierung erklärte am Dienstag, dass sie die Steuern erhöhen würde. Größe und Maß sind Übung. "
POLISH = "Rząd ogłosił we wtorek, że podniesie podatki. Opozycja się sprzeciwia. Żółć, gęś, łódź. "
CHINESE = "政府星期二表示将提高税收。反对党表示反对。" * 4
JAPANESE = "政府は火曜日に増税を発表した。野党は反対している。" * 4


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (ENGLISH, "cp1252"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
        (RUSSIAN, "cp866"),
        (RUSSIAN, "iso8859_5"),
        (BELARUSIAN, "cp1251"),
        (SPANISH, "latin-1"),
        (CATALAN, "cp1252"),
        (GERMAN, "latin-1"),
        (POLISH, "cp1250"),
        (POLISH, "iso8859_2"),
        (CHINESE, "gb18030"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (ENGLISH, "utf-16"),
        (RUSSIAN, "utf-16-be"),
        (ENGLISH, "utf-16-le"),
        (ENGLISH, "utf-32"),
    ],
)
def test_a_text_in_an_old_encoding_is_read_and_the_guess_is_reported(text, encoding):
    if encoding == "utf-16-be":
        text = "Selmara: " * 40 + text  # without a mark, it is the zeros of plain letters that tell
    decoded = decode(text.encode(encoding))
    assert decoded.text == text
    assert decoded.repairs[0].startswith("encoding_")


@pytest.mark.parametrize("text", [ENGLISH, RUSSIAN, CHINESE])
def test_utf_8_is_taken_at_its_word_and_nothing_is_reported(text):
    assert decode(text.encode()) == decode(text.encode("utf-8-sig"))
    assert decode(text.encode()).repairs == ()


def test_a_byte_order_mark_is_no_part_of_the_text():
    assert decode("Selmara".encode("utf-8-sig")).text == "Selmara"


def test_a_binary_file_is_no_text():
    with pytest.raises(DataError, match="a binary file"):
        decode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1")


def test_bytes_that_break_the_promise_of_their_mark_are_refused():
    with pytest.raises(DataError, match="byte order mark"):
        decode(b"\xff\xfea")


def test_a_page_is_read_as_it_declares():
    page = f'<html><head><meta charset="windows-1251"></head><p>{RUSSIAN}</p>'.encode("cp1251")
    assert RUSSIAN in decode_page(page).text


def test_what_the_server_says_goes_before_what_the_page_says():
    page = f'<meta charset="utf-8"><p>{SPANISH}</p>'.encode("cp1252")
    assert SPANISH in decode_page(page, "ISO-8859-1").text


def test_a_page_that_is_utf_8_is_read_so_whatever_it_declares():
    page = f'<meta charset="iso-8859-1"><p>{SPANISH}</p>'.encode()
    assert SPANISH in decode_page(page).text


def test_an_encoding_that_nobody_knows_is_not_believed():
    assert decode(SPANISH.encode("cp1252"), "x-nonsense").text == SPANISH
