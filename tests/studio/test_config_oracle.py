"""The SDK's own reader of labelling interfaces as an oracle for the configs and results that the toolkit writes."""

import pytest
from label_studio_sdk.label_interface import LabelInterface

from toolkit.codebook import read_codebook
from toolkit.exchange.results import build_result
from toolkit.studio.config import label_config


@pytest.fixture(params=["stance", "minimal", "layers"])
def codebook(request, pytestconfig):
    return read_codebook(pytestconfig.rootpath / "schemas" / f"{request.param}.toml")


def interface(codebook):
    return LabelInterface(label_config(codebook, codebook.languages[0]))


def test_the_sdk_finds_every_question_with_its_labels(codebook):
    controls = {control.name: control for control in interface(codebook).controls}
    for question in codebook.for_unit("paragraph").questions:
        control = controls[question.name]
        if question.labels:
            assert set(control.labels) == {label.name for label in question.labels}


def test_every_control_belongs_to_the_text(codebook):
    parsed = interface(codebook)
    objects = {thing.name for thing in parsed.objects}
    assert all(set(control.to_name) <= objects for control in parsed.controls)


def test_the_sdk_accepts_the_results_that_the_toolkit_builds(codebook):
    parsed = interface(codebook)
    for question in codebook.choices:
        for label in question.labels:
            answer = [label.name] if question.kind == "choices" else label.name
            result = build_result({question.name: answer}, codebook)
            assert result
            assert parsed.validate_annotation({"result": result})
            result[0]["value"]["choices"] = ["no such label"]
            assert not parsed.validate_annotation({"result": result})
