import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipstream.runtime.formats import SCALES, SEPARATORS, NumberFormat

FORMATS = st.builds(
    NumberFormat,
    decimal=st.sampled_from(".,"),
    thousands=st.sampled_from(sorted(SEPARATORS)),
    currency=st.sampled_from(["", "$", "€", "R$", "USD", "kr", "Fr", "km/h", "m²"]),
    percent=st.booleans(),
    scaled=st.booleans(),
).filter(lambda form: form.decimal != form.thousands)
AMOUNTS = st.decimals(-(10**9), 10**9, places=3)


@st.composite
def written(draw: st.DrawFn, form: NumberFormat, amount: Decimal) -> str:
    """An amount as a person writes it in a format."""
    percent = form.percent and draw(st.booleans())
    shown = f"{abs(amount * 100 if percent else amount):,.5f}"
    marks = SEPARATORS[form.thousands]
    mark = draw(st.sampled_from(marks)) if marks else ""
    digits = shown.translate({ord(","): mark, ord("."): form.decimal}) + "%" * percent
    if form.scaled and not percent and draw(st.booleans()):
        scale = draw(st.sampled_from(["K", " k", "M", "Mio.", " bn"]))
        power = SCALES[scale.strip(" .").lower()]
        shown = f"{abs(amount).scaleb(-power):,.20f}"
        digits = shown.translate({ord(","): mark, ord("."): form.decimal}) + scale
    blank = draw(st.sampled_from(["", " ", "\u00a0"]))
    places = [f"{form.currency}{blank}{digits}", f"{digits}{blank}{form.currency}", digits]
    text = draw(st.sampled_from(places)).strip()
    if amount >= 0:
        return draw(st.sampled_from(["", "+"])) + text
    minus = draw(st.sampled_from("-\u2212"))
    return draw(st.sampled_from([f"{minus}{text}", f"{text}{minus}", f"({text})"]))


@given(st.data(), FORMATS, AMOUNTS)
def test_what_is_written_in_a_format_is_read_back(
    data: st.DataObject, form: NumberFormat, amount: Decimal
) -> None:
    """Separators, currency, percent and signs, in every place, give the nearest float."""
    text = data.draw(written(form, amount))
    assert form.parse(text) == float(amount)


@given(FORMATS, st.text(alphabet="0123456789.,' _-+()$%€ekrMb\u00a0", max_size=12))
def test_any_text_is_a_finite_number_or_none(form: NumberFormat, text: str) -> None:
    """Nothing raises, and nothing is read as NaN."""
    number = form.parse(text)
    assert number is None or not math.isnan(number)


@pytest.mark.parametrize(
    ("form", "text", "number"),
    [
        (NumberFormat(), "\u22125", -5.0),
        (NumberFormat(), "(12.5)", -12.5),
        (NumberFormat(), "12-", -12.0),
        (NumberFormat(), "1.5e3", 1500.0),
        (NumberFormat(thousands=","), "12,34,567.5", 1234567.5),
        (NumberFormat(thousands=","), "1234567", 1234567.0),
        (NumberFormat(thousands="'"), "1\u2019234.5", 1234.5),
        (NumberFormat(thousands=" ", decimal=","), "1\u202f234,5", 1234.5),
        (NumberFormat(thousands=",", currency="$"), "$(1,234.50)", -1234.5),
        (NumberFormat(currency="Fr"), "Fr. 12.50", 12.5),
        (NumberFormat(currency="kr"), "12 KR", 12.0),
        (NumberFormat(percent=True), "12.5 %", 0.125),
        (NumberFormat(percent=True), "0.5", 0.5),
        (NumberFormat(currency="km/h"), "12.5 km/h", 12.5),
        (NumberFormat(scaled=True), "1.5M", 1_500_000.0),
        (NumberFormat(scaled=True), "2.3 bn", 2_300_000_000.0),
        (NumberFormat(scaled=True), "-5k", -5000.0),
        (NumberFormat(scaled=True), "900", 900.0),
        (NumberFormat(scaled=True, currency="$"), "$0.1K", 100.0),
        (NumberFormat(scaled=True, currency="€", decimal=","), "1,5 Mio. €", 1_500_000.0),
    ],
)
def test_signs_and_marks_have_their_usual_meaning(
    form: NumberFormat, text: str, number: float
) -> None:
    """Examples of each, and a percentage is a hundredth."""
    assert form.parse(text) == number


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (NumberFormat(), "12%"),
        (NumberFormat(), "12K"),
        (NumberFormat(scaled=True), "12KK"),
        (NumberFormat(scaled=True), "K"),
        (NumberFormat(), "$12"),
        (NumberFormat(), "-(12)"),
        (NumberFormat(), "--12"),
        (NumberFormat(), "(12"),
        (NumberFormat(), ""),
        (NumberFormat(), "."),
        (NumberFormat(), "inf"),
        (NumberFormat(), "\u0663"),
        (NumberFormat(currency="$"), "€12"),
        (NumberFormat(currency="$"), "$"),
        (NumberFormat(thousands=","), "12,34"),
        (NumberFormat(thousands=","), "1,2345"),
        (NumberFormat(thousands=","), "0,123"),
        (NumberFormat(thousands=".", decimal=","), "1234.5"),
        (NumberFormat(thousands=" "), "020 7946 0958"),
    ],
)
def test_other_text_is_not_a_number(form: NumberFormat, text: str) -> None:
    """What the column does not write so is refused, not guessed."""
    assert form.parse(text) is None


def test_long_text_takes_no_time() -> None:
    """Ten thousand blanks, digits or signs are refused or read at once."""
    form = NumberFormat(thousands=" ", currency="kr", percent=True)
    for filler in (" ", "1 ", "-", "1", "kr "):
        form.parse(f"1{filler * 10_000}x")


@pytest.mark.parametrize("text", ["$-", "- $", "$   \u2013", "\u2014$", "-\u00a0$"])
def test_a_dash_next_to_the_currency_is_0(text: str) -> None:
    """As accountants write it; without the currency it is not a number."""
    assert NumberFormat(currency="$").parse(text) == 0
    assert NumberFormat(thousands=",").parse(text) is None
    assert NumberFormat(currency="\u20ac").parse(text) is None
    assert NumberFormat(currency="$").parse("-") is None
