"""Passwords: what is strong enough, and what is kept of it."""

import pytest
from flask import Flask

from app.services import passwords


@pytest.mark.parametrize(
    "password",
    ["quatre cailloux bleus", "Marelle-ciel", "soleil sur la place", "aaaa bbbb cccc dddd é", "Zx9!Zx9!Zx9?"],
)
def test_words_or_a_mix_are_accepted(password: str) -> None:
    assert passwords.problems(password, email="ines.marchadier@example.org", names=("Inès",)) == []


def test_eleven_characters_are_too_few_and_twelve_of_three_sorts_are_enough() -> None:
    assert passwords.problems("Caillou-vif") == [
        (
            "Ce mot de passe a 11 caractères\u00a0: "
            "il en faut 14, ou 12 en mêlant majuscules, chiffres et signes."
        )
    ]
    assert passwords.problems("Caillou-vifs") == []


def test_one_sort_of_characters_needs_fourteen() -> None:
    assert passwords.problems("cailloubleuxz") != []
    assert passwords.problems("cailloubleuxzy") == []


def test_128_characters_are_kept_and_129_are_not() -> None:
    phrase = "un caillou, deux cailloux, trois cailloux et puis le ciel ; "
    assert passwords.problems((phrase * 3)[:128]) == []
    assert passwords.problems((phrase * 3)[:129]) == ["Ce mot de passe a 129 caractères\u00a0: 128 au plus."]


@pytest.mark.parametrize(
    "password", ["Marchadier-2026", "ines.marchadier", "vive MARCHADIER !", "l’été d’éléonore"]
)
def test_ones_own_name_or_address_is_refused_whatever_case_and_accents(password: str) -> None:
    wrong = passwords.problems(
        password, email="ines.marchadier@example.org", names=("Marchadier", "Eleonore")
    )
    assert any("nom" in sentence for sentence in wrong)


def test_a_short_name_inside_a_word_is_no_reason_to_refuse() -> None:
    assert passwords.problems("des tomates mures", email="tom@example.org", names=("Tom", "Li")) == []


@pytest.mark.parametrize(
    "password",
    [
        "Motdepasse2026!",
        "AZERTYUIOP123!",
        "Portail-famille-1",
        "aaaaaaaaaaaaaaaa",
        "12345678901234",
        "98765432109876",
    ],
)
def test_what_everybody_types_first_is_refused(password: str) -> None:
    assert any("deviner" in sentence for sentence in passwords.problems(password))


def test_the_same_word_typed_on_two_keyboards_opens(app: Flask) -> None:
    composed, decomposed = "été à la place du ciel", "e\u0301te\u0301 a\u0300 la place du ciel"
    kept = passwords.hash_password(composed)
    assert passwords.verify(kept, decomposed)
    assert not passwords.verify(kept, "ete a la place du ciel")


def test_no_hash_opens_with_no_password(app: Flask) -> None:
    assert not passwords.verify(None, "")
    assert not passwords.verify(None, "quatre cailloux bleus")
    assert not passwords.verify("not a hash", "quatre cailloux bleus")


def test_what_is_past_the_longest_is_not_cut_to_open(app: Flask) -> None:
    kept = passwords.hash_password("a" * passwords.LONGEST)
    assert passwords.verify(kept, "a" * passwords.LONGEST)
    assert not passwords.verify(kept, "a" * (passwords.LONGEST + 1))


def test_two_hashes_of_one_password_differ_and_hold_nothing_of_it(app: Flask) -> None:
    first, second = (passwords.hash_password("quatre cailloux bleus") for _ in range(2))
    assert first != second
    assert "cailloux" not in first and first.startswith("$argon2id$")


def test_a_hash_is_outdated_once_the_parameters_rise(app: Flask) -> None:
    kept = passwords.hash_password("quatre cailloux bleus")
    assert not passwords.is_outdated(kept)
    app.config["PASSWORD_TIME_COST"] = 2
    assert passwords.is_outdated(kept)
    assert passwords.verify(kept, "quatre cailloux bleus")
