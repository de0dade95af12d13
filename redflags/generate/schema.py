"""Names and types of the tables that the generator writes: the canonical ones, as files hold them."""

from __future__ import annotations

from typing import Final

import polars as pl

__all__ = ["ANSWER_KEY", "MONEY", "TABLES"]

#: Money in files: decimals in major units.
MONEY: Final = pl.Decimal(18, 2)
_NUMBER: Final = pl.Decimal(12, 4)
_TIME: Final = pl.Datetime("us", "UTC")
_LIST: Final = pl.List(pl.String)
_S: Final = pl.String
_VALID: Final = {"valid_from": _TIME, "valid_to": _TIME}

#: Table name to its columns and types, in the order written.
TABLES: Final[dict[str, dict[str, pl.DataType | type[pl.DataType]]]] = {
    "transactions": {
        "txn_id": _S,
        "booked_at": _TIME,
        "txn_type": _S,
        "status": _S,
        "instrument": _S,
        "channel": _S,
        "amount": MONEY,
        "currency": _S,
        "amount_base": MONEY,
        "from_account_id": _S,
        "from_party_id": _S,
        "from_name": _S,
        "from_bank_id": _S,
        "from_country": _S,
        "from_bank_country": _S,
        "from_region": _S,
        "to_account_id": _S,
        "to_party_id": _S,
        "to_name": _S,
        "to_bank_id": _S,
        "to_country": _S,
        "to_bank_country": _S,
        "to_region": _S,
        "branch_id": _S,
        "branch_country": _S,
        "service_point_id": _S,
        "conductor_id": _S,
        "device_id": _S,
        "ip_country": _S,
        "region_code": _S,
        "latitude": pl.Float64,
        "longitude": pl.Float64,
        "purpose_code": _S,
        "purpose_text": _S,
        "intermediary_countries": _LIST,
        "provider_id": _S,
        "initiator": _S,
        "reversal_of": _S,
        "loan_id": _S,
    },
    "accounts": {
        "account_id": _S,
        "party_id": _S,
        "account_type": _S,
        "product": _S,
        "currency": _S,
        "country": _S,
        "opened_at": _TIME,
        "closed_at": _TIME,
        "status": _S,
        "home_region": _S,
        "home_latitude": pl.Float64,
        "home_longitude": pl.Float64,
        "timezone": _S,
    },
    "parties": {
        "party_id": _S,
        "party_type": _S,
        "party_class": _S,
        "is_customer": pl.Boolean,
        "name": _S,
        "residence_country": _S,
        "region_code": _S,
        "incorporation_country": _S,
        "incorporation_date": pl.Date,
        "onboarded_at": _TIME,
        "status": _S,
        "declared_income_annual": MONEY,
        "expected_monthly_turnover": MONEY,
        "expected_countries": _LIST,
        "group_countries": _LIST,
        "registered_regions": _LIST,
        "industry_code": _S,
        "occupation_code": _S,
        "segment": _S,
        "is_pep": pl.Boolean,
    },
    "party_links": {"party_id": _S, "related_party_id": _S, "role": _S, "share_pct": _NUMBER, **_VALID},
    "party_sites": {"party_id": _S, "service_point_id": _S, **_VALID},
    "known_payees": {"party_id": _S, "account_id": _S, "class": _S, **_VALID},
    "npo_profiles": {
        "party_id": _S,
        "registered": pl.Boolean,
        "programme_countries": _LIST,
        "programme_regions": _LIST,
        "programme_codes": _LIST,
        "planned_cash_share": _NUMBER,
        **_VALID,
    },
    "npo_appeals": {"appeal_id": _S, "party_id": _S, "country": _S, "region_code": _S, "announced_at": _TIME},
    "carve_outs": {
        "carve_out_id": _S,
        "party_id": _S,
        "programme_id": _S,
        "region_code": _S,
        "country": _S,
        "instrument": _S,
        **_VALID,
    },
    "geo_risk": {"region_code": _S, "area_id": _S, "category": _S, "source": _S, **_VALID},
    "country_scores": {"index_name": _S, "country": _S, "score": _NUMBER, "source": _S, **_VALID},
    "party_markers": {"party_id": _S, "marker": _S, **_VALID},
    "segments": {"party_id": _S, "segment": _S, **_VALID},
    "labels": {"txn_id": _S, "case_id": _S, "rule_id": _S, "role": _S, "strength": _S},
    "cases": {
        "case_id": _S,
        "rule_id": _S,
        "strength": _S,
        "subject_kind": _S,
        "subject_id": _S,
        "party_id": _S,
        "first_at": _TIME,
        "last_at": _TIME,
        "story": _S,
    },
    "lookalikes": {"rule_id": _S, "subject_kind": _S, "subject_id": _S, "party_id": _S, "story": _S},
}

#: Tables that must never stand where a rule could read them.
ANSWER_KEY: Final = ("labels", "cases", "lookalikes")
