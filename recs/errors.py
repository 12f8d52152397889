"""Failures that Aisle states in words: what is wrong, and what to change."""


class AisleError(Exception):
    """A stated failure: ``problem`` says what is wrong, ``fix`` what to change."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem, fix)

    def __str__(self) -> str:
        problem, fix = self.args
        return f"{problem.removesuffix('.')}. Fix: {fix}."


class ConfigError(AisleError):
    """A configuration file or value that cannot be used."""


class LakeError(AisleError):
    """A table or partition that is missing, damaged or of another shape."""


class ContractError(AisleError):
    """A file breaks its data contract, or a contract itself cannot be read."""

    def __init__(self, file: str, field: str, problem: str, fix: str) -> None:
        Exception.__init__(self, file, field, problem, fix)  # all four in args, so it pickles between processes

    def __str__(self) -> str:
        file, field, problem, fix = self.args
        return f"{file}: field '{field}' {problem.removesuffix('.')}. Fix: {fix}."
