"""目录与清单参考数据 the rows of ``catalogue_item`` and ``measure_item``; pure, ``migrate`` loads them."""

from __future__ import annotations

from pathlib import Path

from server.catalogue.editions import Edition
from server.catalogue.rules import (
    CATALOGUE,
    CATALOGUE_EDITIONS,
    MEASURE_EDITIONS,
    MEASURES,
    Catalogue,
    Item,
    Measure,
    Measures,
)
from server.dated import Source, hash_of

#: What this room reads from a bureau's folder of rules.
FILES: tuple[str, ...] = (CATALOGUE, CATALOGUE_EDITIONS, MEASURES, MEASURE_EDITIONS)


def catalogue_rows(rules_dir: Path | None = None) -> list[dict[str, object]]:
    """Gives one row for each item of each edition, columns as ``CatalogueItem``; raises ``WrongSetting``."""
    catalogue = Catalogue.load(rules_dir)
    return [
        _item(item) | {"position": n}
        for edition in catalogue.editions()
        for n, item in enumerate(catalogue.items_of(edition.id), start=1)
    ]


def measure_rows(rules_dir: Path | None = None) -> list[dict[str, object]]:
    """Gives one row for each measure of each edition, columns as ``MeasureItem``; raises ``WrongSetting``."""
    measures = Measures.load(rules_dir)
    return [
        _measure(item) | {"position": n}
        for edition in measures.editions()
        for n, item in enumerate(measures.items_of(edition.id), start=1)
    ]


def edition_hash(rules_dir: Path | None = None) -> str:
    """Gives the hash of catalogue and measure list."""
    return hash_of([Catalogue.load(rules_dir).edition_hash, Measures.load(rules_dir).edition_hash])


def _edition(edition: Edition) -> dict[str, object]:
    return {
        "edition_title": edition.title,
        "edition": edition.id,
        "edition_from": edition.valid_from,
        "edition_until": edition.valid_until,
    }


def _source(source: Source) -> dict[str, object]:
    return {"source": source.line(), "url": source.url, "mark": source.mark}


def _item(item: Item) -> dict[str, object]:
    return {
        "id": item.id,
        **_edition(item.edition),
        "code": item.code,
        "name": item.name,
        "catalogue_class": item.catalogue_class,
        "nature": item.nature,
        "scope": item.scope,
        "subject_kinds": list(item.subject_kinds),
        "provider": item.provider,
        "update_cycle": item.update_cycle,
        "legal_basis": item.legal_basis,
        **_source(item.source),
    }


def _measure(measure: Measure) -> dict[str, object]:
    return {
        "id": measure.id,
        **_edition(measure.edition),
        "code": measure.code,
        "kind": measure.kind,
        "content": measure.content,
        "targets": measure.targets,
        "subject_kinds": list(measure.subject_kinds),
        "legal_basis": measure.legal_basis,
        "authority": measure.authority,
        **_source(measure.source),
    }
