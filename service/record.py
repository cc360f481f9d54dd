"""The one way in for statements: a POST is a batch of one, an import many batches.

What a batch needs to know is read with one query a question, what it stores is written with one prepared
statement a table. A draft is judged whole before anything of it is stored, the names it brings included,
so a refused draft leaves nothing behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas import edtf
from schemas.instants import now
from schemas.statements import SOURCES
from service import amend, db
from service.composing import Composer
from service.errors import DomainError, Duplicate
from service.labels import Label, Labels
from service.models import Appearance, Entity, Statement, revisions
from service.models.base import tuples
from service.models.statements import described, printed
from service.references import Names

# What tells whether another statement may be a twin.
_FACTS = ("speaker_id", "text_key", "language", "date_from", "date_until")


@dataclass
class Outcome:
    """What became of a draft: created, updated, unchanged, linked, skipped, refused or, if it `waits`, waiting.

    A waiting draft has an id spoken for, under which it may come again as `reserved`.
    """

    action: str
    statement_id: int | None = None
    error: DomainError | None = None


@dataclass
class _Twin:
    """A stored statement with the same words by the same speaker, in one of its articles."""

    statement_id: int
    article_key: str
    language: str
    said: edtf.Span

    def may_be_of(self, said: edtf.Span) -> bool:
        """Whether it may have been said then: the dates overlap, or one is not known."""
        overlap = self.said.earliest <= said.latest and said.earliest <= self.said.latest
        return overlap or edtf.UNKNOWN in (self.said, said)


@dataclass
class _Pending:
    """Rows that wait for the end of the batch."""

    statements: list[dict[str, Any]] = field(default_factory=list)
    printings: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list)
    topics: list[tuple[int, list[str]]] = field(default_factory=list)


class Recorder:
    """Stores drafts as `on_duplicate` says. With `upsert`, a draft whose ref is known changes that statement.

    Lives for one transaction, which the caller holds.
    """

    def __init__(
        self,
        *,
        actor: str,
        on_duplicate: str = "refuse",
        strict: bool = False,
        upsert: bool = False,
        labels: Labels | None = None,
        own_from: int | None = None,
        next_id: int | None = None,
    ) -> None:
        """`own_from`: drafts with an id may be twins of statements from this id on, which came from the same file.

        `next_id` is the id of the next new statement, where some before it are spoken for; a draft with
        `reserved` has such a one.
        """
        self.actor, self.on_duplicate, self.upsert, self.own_from = actor, on_duplicate, upsert, own_from
        self.labels = labels
        self.composer = Composer(Names(actor=actor, strict=strict, labels=labels))
        self._pending = _Pending()
        self.next_id = next_id or Statement.next_id()
        self._twins: dict[tuple[int, str], list[_Twin]] = {}
        self._by_ref: dict[str, Statement] = {}
        self._fresh: set[str] = set()

    def record(self, drafts: list[dict[str, Any]]) -> list[Outcome]:
        """Store some drafts; what became of each, in their order."""
        ready = [draft for draft in drafts if "waits" not in draft]
        self.composer.prime(ready)
        self._read_refs([draft["ref"] for draft in ready if draft["ref"]])
        self._read_twins([described(draft)["text_key"] for draft in ready])
        outcomes = []
        for draft in drafts:
            try:
                outcome = self._one(draft)
            except DomainError as error:
                outcome = Outcome("refused", error=error)
            if "id" in draft and outcome.action not in ("refused", "waiting"):
                self.composer.knows(Label(draft["id"]), outcome.statement_id or 0)
            outcomes.append(outcome)
        self._flush()
        return outcomes

    def _read_refs(self, refs: list[str]) -> None:
        self._by_ref = {each.ref: each for each in Statement.rows().where(Statement.ref.in_(refs))} if refs else {}

    def _read_twins(self, text_keys: list[str]) -> None:
        columns = (
            Statement.speaker,
            Statement.text_key,
            Statement.language,
            Statement.date_from,
            Statement.date_until,
        )
        query = (
            Appearance.select(Appearance.statement, Appearance.article_key, *columns)
            .join(Statement)
            .where(Statement.text_key.in_(text_keys), Statement.deleted_at.is_null())
            .order_by(Statement.id)
        )
        self._twins = {}
        for id_, article_key, *values in tuples(query):
            self._note_twin(dict(zip(_FACTS, values, strict=True)), id_, article_key)

    def _note_twin(self, row: Mapping[str, Any], id_: int, article_key: str) -> None:
        twin = _Twin(id_, article_key, row["language"], edtf.Span(row["date_from"], row["date_until"]))
        self._twins.setdefault((row["speaker_id"], row["text_key"]), []).append(twin)

    def _one(self, draft: dict[str, Any]) -> Outcome:
        if "waits" in draft:
            reserved = draft.get("reserved") or self.next_id
            self.next_id = max(self.next_id, reserved + 1)
            return Outcome("waiting", reserved)
        if draft["ref"] in self._fresh:
            self._flush()
            self._read_refs([draft["ref"]])
        stored = self._by_ref.get(draft["ref"]) if draft["ref"] else None
        if stored is not None and (stored.deleted_at or not self.upsert):
            if self.on_duplicate == "skip" and not stored.deleted_at:
                return Outcome("skipped", stored.id)
            raise amend.in_use(stored)
        found = self.composer.find(draft, stored)
        original = self.composer.original(draft, stored)
        if stored is not None:
            return self._update(stored, draft, original)
        return self._guard(draft, found) or self._create(draft, original)

    def _guard(self, draft: dict[str, Any], found: Mapping[str, Entity | None]) -> Outcome | None:
        """What `on_duplicate` makes of twins; None to store the draft as a statement of its own."""
        speaker = found["/speaker"]
        if speaker is None or self.on_duplicate == "allow":
            return None
        facts = described(draft)
        twins = self._twins.get((speaker.id, facts["text_key"]), [])
        if "id" in draft and self.own_from is not None:
            twins = [twin for twin in twins if twin.statement_id < self.own_from]
        said = edtf.Span(facts["date_from"], facts["date_until"])
        article = self._article(draft, found)
        # Without an address, what was said on another day stood in another article.
        printed_there = (
            twin for twin in twins if twin.article_key == article and (draft["url"] or twin.may_be_of(said))
        )
        same = self._one_of([twin.statement_id for twin in printed_there], draft)
        if same is not None and self.on_duplicate == "skip":
            return Outcome("skipped", same)
        if same is not None and self.on_duplicate == "refuse":
            raise Duplicate(
                f"These words by this speaker from this article are statement {same} already. "
                "With on_duplicate=skip the answer is that statement, link adds this printing to it, "
                "allow stores the words once more.",
                existing=f"{Statement.path}/{same}",
            )
        if self.on_duplicate != "link":
            return None
        alike = (twin.statement_id for twin in twins if twin.language == draft["language"] and twin.may_be_of(said))
        target = same if same is not None else next(alike, None)
        return None if target is None else self._link(target, draft)

    def _one_of(self, twins: list[int], draft: dict[str, Any]) -> int | None:
        """The first of some twins; for a row of an export the one with its id, or one that no other row meant."""
        if "id" not in draft or self.labels is None or len(set(twins)) < 2:  # noqa: PLR2004 - nothing to choose from
            return next(iter(twins), None)
        unclaimed = (twin for twin in twins if twin not in self.labels.twins)
        chosen = draft["id"] if draft["id"] in twins else next(unclaimed, twins[0])
        self.labels.twins.add(chosen)
        return chosen

    def _article(self, draft: dict[str, Any], found: Mapping[str, Entity | None]) -> str | None:
        """The article of a draft; None if a name in it is new, so that no stored article can be the same."""
        printers = {source: found.get(f"/{source}") for source in SOURCES}
        if not draft["url"] and any(draft[source] and printers[source] is None for source in SOURCES):
            return None
        who = {f"{source}_id": entity.id if entity else None for source, entity in printers.items()}
        return str(printed({**draft, **who})["article_key"])

    def _create(self, draft: dict[str, Any], original: int | None) -> Outcome:
        moment, id_ = now(), draft.get("reserved") or self.next_id
        own = self.composer.columns(draft, original)
        printings = sorted(amend.distinct(self.composer.printings(draft)), key=lambda each: each["published_from"])
        row = {
            "id": id_, **own, **printings[0], **amend.counts(printings), "status": "unreviewed",
            "version": draft.get("version", 1), "created_at": moment, "updated_at": moment, "deleted_at": None,
        }  # fmt: skip
        self.next_id = max(self.next_id, id_ + 1)
        self._pending.statements.append(row)
        self._pending.printings += [(id_, printing) for printing in printings]
        self._pending.topics.append((id_, draft["topics"]))
        for printing in printings:
            self._note_twin(row, id_, printing["article_key"])
        if draft["ref"]:
            self._fresh.add(draft["ref"])
            self.composer.knows(draft["ref"], id_)
        return Outcome("created", id_)

    def _link(self, statement_id: int, draft: dict[str, Any]) -> Outcome:
        self._flush()
        printings = self.composer.printings(draft)
        added = amend.add_printings(Statement.find(statement_id), printings, actor=self.actor)
        if added:
            self._read_again(statement_id)
        return Outcome("linked" if added else "skipped", statement_id)

    def _update(self, stored: Statement, draft: dict[str, Any], original: int | None) -> Outcome:
        """Make a stored statement what a draft with its ref says; printings are only added."""
        self._flush()
        columns = self.composer.columns(draft, original, stored)
        first, *others = self.composer.printings(draft, stored)
        changed = amend.write(stored, {**columns, **first}, actor=self.actor)
        added = bool(others) and amend.add_printings(Statement.find(stored.id), others, actor=self.actor)
        if not changed and not added:
            return Outcome("unchanged", stored.id)
        self._read_again(stored.id)
        return Outcome("updated", stored.id)

    def _read_again(self, statement_id: int) -> None:
        """Know a statement as it is since this batch changed it: a later draft may meet it."""
        statement = Statement.find(statement_id)
        if statement.ref:
            self._by_ref[statement.ref] = statement
        for key, twins in self._twins.items():
            self._twins[key] = [twin for twin in twins if twin.statement_id != statement_id]
        for appearance in Appearance.of([statement_id]):
            self._note_twin(_facts(statement), statement_id, appearance.article_key)

    def _flush(self) -> None:
        if not self._pending.statements:
            return
        pending, self._pending = self._pending, _Pending()
        self._fresh.clear()
        db.insert(Statement, pending.statements)
        amend.store_printings(pending.printings)
        amend.index_topics(pending.topics)
        revisions.created(Statement, pending.statements, actor=self.actor)


def _facts(statement: Statement) -> dict[str, Any]:
    return {name: getattr(statement, name) for name in _FACTS}
