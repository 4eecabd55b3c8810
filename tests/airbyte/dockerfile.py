"""A parser of Dockerfiles into stages and instructions; it supports only what ours uses."""

import json
import re
import shlex
from dataclasses import dataclass, field


@dataclass
class Stage:
    base: str
    name: str | None
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, word: str) -> list[str]:
        return [rest for name, rest in self.instructions if name == word]

    def one(self, word: str) -> str:
        (rest,) = self.all(word)
        return rest

    @property
    def environment(self) -> dict[str, str]:
        return pairs(self.all("ENV"))

    @property
    def labels(self) -> dict[str, str]:
        return pairs(self.all("LABEL"))

    @property
    def entrypoint(self) -> list[str]:
        return json.loads(self.one("ENTRYPOINT"))


def pairs(texts: list[str]) -> dict[str, str]:
    return dict(part.split("=", 1) for text in texts for part in shlex.split(text))


def stages(text: str) -> list[Stage]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    found = []
    for line in filter(None, map(str.strip, joined.splitlines())):
        word, rest = line.split(None, 1)
        if word == "FROM":
            base, *name = rest.split(" AS ")
            found.append(Stage(base, name[0] if name else None))
        else:
            found[-1].instructions.append((word, " ".join(rest.split())))
    return found
