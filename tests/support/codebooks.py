"""Codebooks that tests of several rooms share."""

import msgspec

from toolkit.codebook import Codebook

CODEBOOK = """
name = "stance"
version = "0.1"
title = {en = "Stance & tone"}
instructions = {en = "Judge the paragraph <as printed>, not the article's subject."}

[[questions]]
name = "stance"
text = {en = "Which way does the paragraph lead a reader towards {target}?"}
required = true
level = "ordinal"
labels = [
 {name = "pro_government", title = {en = "For the government"}, scale = 1, hotkey = "1", definition = {en = "Yes"}},
 {name = "neutral", title = {en = "Neutral, plain"}, scale = 0, hotkey = "2"},
 {name = "opposition", title = {en = "Against"}, scale = -1, hotkey = "3"},
 {name = "unclear", title = {en = "Unclear"}, no_answer = true, hotkey = "4"},
]

[[questions]]
name = "voice"
text = {en = "Who carries it?"}
required = true
when = {stance = ["pro_government", "opposition"]}
labels = [
 {name = "author", title = {en = "The author"}, hotkey = "a"},
 {name = "quoted", title = {en = "Somebody quoted"}, hotkey = "s"},
]

[[questions]]
name = "strength"
text = {en = "How strong is it?"}
kind = "rating"
points = 3
when = {stance = ["opposition"], voice = ["quoted"]}

[[questions]]
name = "confidence"
text = {en = "How sure are you?"}
kind = "rating"
points = 3

[[questions]]
name = "topics"
text = {en = "What is it about?"}
kind = "choices"
labels = [{name = "tax", title = {en = "A $5 tax"}}, {name = "fish", title = {en = "Fish, nets < boats"}}]

[[questions]]
name = "words"
text = {en = "Which words decided?"}
kind = "span"

[[questions]]
name = "comment"
text = {en = "Anything to add?"}
kind = "text"
"""


def every_kind() -> Codebook:
    """A codebook with every kind of question, and conditions on one and on two others."""
    return msgspec.toml.decode(CODEBOOK, type=Codebook)
