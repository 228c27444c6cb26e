"""Holds requests and answers against an OpenAPI description of Graph. Argument: the description. Standard input: a JSON list of
{"where", "schema", "body", "taken"}: whether the simulator took (or gave) a body of that schema. Prints where both disagree."""

import datetime
import json
import sys

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

with open(sys.argv[1], encoding="utf-8") as file:
    description = json.load(file)
resource = Resource.from_contents(description, default_specification=DRAFT202012)
registry = Registry().with_resource("urn:graph", resource)
validators = {}
formats = FormatChecker(["date"])


@formats.checks("date-time", raises=ValueError)
def is_moment(text):
    """A date is not judged by its form unless somebody does; jsonschema leaves moments to whoever wants them."""
    return not isinstance(text, str) or datetime.datetime.fromisoformat(text).tzinfo is not None



def validator(name):
    if name not in validators:
        reference = {"$ref": f"urn:graph#/components/schemas/{name}"}
        validators[name] = Draft202012Validator(reference, registry=registry, format_checker=formats)
    return validators[name]


disagreements = 0
cases = json.load(sys.stdin)
for case in cases:
    errors = list(validator(case["schema"]).iter_errors(case["body"]))
    if (not errors) != case["taken"]:
        disagreements += 1
        why = errors[0].message[:300] if errors else "it is one that Graph describes"
        print(case["where"], case["schema"], "taken" if case["taken"] else "refused", why, json.dumps(case["body"])[:300])
print(f"{len(cases)} cases, {disagreements} disagreements")
sys.exit(1 if disagreements else 0)
