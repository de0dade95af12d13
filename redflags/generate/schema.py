"""Names and types of the tables that the generator writes: the canonical ones, as files hold them."""

from __future__ import annotations

from typing import Final

import polars as pl

from redflags.tables import dictionary

__all__ = ["ANSWER_KEY", "MONEY", "TABLES"]

#: Money in files: decimals in major units.
MONEY: Final = pl.Decimal(18, 2)
_TIME: Final = pl.Datetime("us", "UTC")

# How files hold the types of the dictionary that differ from how the engine holds them.
_FILES: Final = {
    "money": MONEY,
    "money_base": MONEY,
    "number": pl.Decimal(16, 4),
    "ratio": pl.Decimal(12, 4),
    "decimal": pl.Decimal(24, 8),
}

# Canonical columns of each table, in the order written.
_COLUMNS: Final = {
    "transactions": """
        txn_id booked_at txn_type status instrument instrument_type channel amount currency amount_base
        from_account_id from_party_id from_name from_bank_id from_country from_bank_country from_region
        to_account_id to_party_id to_name to_bank_id to_country to_bank_country to_region
        from_address_text to_address_text from_identifier to_identifier from_party_type to_party_type
        from_class to_class from_sector to_sector from_phone_key to_phone_key from_id_document_key to_id_document_key
        from_balance_after to_balance_after balance_after
        branch_id branch_country service_point_id conductor_id conductor_class initiator_party_id
        device_id ip_address ip_country region_code latitude longitude
        purpose_code purpose_text intermediary_countries intermediary_id sub_account_id provider_id agent_id initiator
        mcc merchant_id card_id instrument_issuer instrument_serial note_currency is_banknote_shipment
        asset from_wallet to_wallet from_vasp_id to_vasp_id from_hosted to_hosted exposure_category exposure_share
        campaign_id programme_id invoice_ref trade_ref contract_id sale_id matter_id licence_ref
        reversal_of loan_id fee_base""",
    "accounts": """
        account_id party_id account_type product currency bank_id country opened_at opening_channel opening_device_id
        opening_ip closed_at status balance credit_limit atm_daily_limit home_region home_latitude home_longitude
        timezone introducer_id is_client_money pooling_agreement payable_through_approved respondent_bank_id""",
    "account_signatories": "account_id party_id valid_from valid_to",
    "cards": "card_id party_id account_id product load_limit address_key device_id valid_from valid_to",
    "wallets": "wallet_id party_id tier tier_limit phone_key id_document_key valid_from valid_to",
    "parties": """
        party_id party_type party_class is_customer name alias_names residence_country region_code residence_since
        incorporation_country incorporation_date onboarded_at onboarding_channel status cdd_status edd_completed_at
        edd_valid_until declared_income_annual expected_monthly_turnover expected_monthly_cash expected_change_until
        expected_countries group_countries registered_regions industry_code occupation_code segment peer_group
        self_employed employees_count paid_in_capital cash_intensive website_present source_of_wealth_code is_pep
        public_role is_regulated is_listed is_licensed_tcsp is_gatekeeper licence_types licence_scope
        registration_number formation_agent_id address_key address_type phone_key email_key tax_id_key
        id_document_key biometric_key""",
    "party_links": "link_id party_id related_party_id role share_pct is_nominee valid_from valid_to",
    "party_sites": "party_id service_point_id valid_from valid_to",
    "party_identifiers": """
        identifier_id party_id id_type id_value issuer image_hash first_seen last_seen valid_from valid_to""",
    "party_changes": "change_id party_id changed_at field old_value new_value",
    "party_markers": "party_id marker valid_from valid_to",
    "segments": "party_id segment valid_from valid_to",
    "known_payees": "party_id account_id class valid_from valid_to",
    "known_financiers": "party_id valid_from valid_to",
    "known_addresses": "address_key address_class valid_from valid_to",
    "known_companies": "registration_number country name valid_from valid_to",
    "registry_owners": "party_id owner_key share_pct valid_from valid_to",
    "agents": "agent_id party_id region_code country peer_group licence_ref border_km valid_from valid_to",
    "respondents": """
        respondent_bank_id account_id party_id expected_countries expected_monthly_value peer_group valid_from
        valid_to""",
    "bank_relations": "respondent_bank_id downstream_bank_id valid_from valid_to",
    "matters": "matter_id client_party_id matter_type opened_at closed_at fee_billed",
    "loans": """
        loan_id party_id account_id lender_id principal currency purpose disbursed_at first_payment_at maturity_date
        instalment defaulted_at collateral_type collateral_country collateral_owner_party_id""",
    "sessions": """
        session_id at party_id account_id user_party_id device_id ip_address ip_country latitude longitude
        is_anonymiser is_carrier_nat remote_session""",
    "trusted_access": "party_id device_id ip_address since valid_from valid_to",
    "travel_bookings": """
        booking_id booked_at payer_party_id traveller_key destination_region destination_country one_way
        delete_after""",
    "cash_declarations": "declaration_id party_id declared_at amount_base direction border_country border_post",
    "remittance_advices": "advice_id party_id provider_id expected_at amount_base",
    "vasps": "vasp_id name country is_registered valid_from valid_to",
    "sales": """
        sale_id sold_at seller_party_id buyer_party_id contract_id goods_category total_amount currency""",
    "invoices": """
        invoice_id invoice_number issued_at due_date seller_party_id buyer_party_id contract_id total_amount
        amount_base currency hs_code goods_description quantity unit unit_price is_service service_type is_reissue
        is_drop_ship serial_key document_hash template_key financing_bank_id payee_account payee_country""",
    "line_items": """
        line_item_id invoice_id txn_id hs_code description quantity unit unit_price amount currency""",
    "contracts": """
        contract_id signed_at value supplier_id buyer_party_id office_id bidders agreed_delivery_at agreed_payers
        agreed_payees""",
    "credit_notes": "credit_note_id invoice_id issued_at amount currency",
    "payment_instructions": """
        instruction_id invoice_id changed_at old_account new_account old_country new_country""",
    "shipments": """
        shipment_id invoice_id bl_number shipped_at arrived_at shipper_party_id consignee_party_id notify_party_id
        load_port discharge_port transship_ports transport_mode vessel_imo container_no container_type hs_code
        goods_description quantity unit gross_weight_kg freight_cost""",
    "customs_declarations": """
        declaration_id shipment_id declarant_party_id declared_at period direction country partner_country
        origin_country hs_code procedure_code quantity unit net_weight_kg value valuation_basis""",
    "letters_of_credit": """
        lc_id issued_at expiry_at applicant_party_id beneficiary_party_id amount currency hs_code""",
    "lc_amendments": "amendment_id lc_id amended_at field old_value new_value",
    "presentations": "presentation_id lc_id presented_at discrepancies_waived",
    "trade_documents": """
        doc_id trade_ref doc_type issued_at issuing_office leg_no exporter_id importer_id consignee_id end_user_id
        party_roles origin_country dest_country dest_region port_loading port_discharge transshipment_ports hs_code
        goods_description brand quantity unit unit_price total_value weight_kg freight_cost certificate_no
        certificate_expiry permit_no permit_quantity object_id object_type provenance_earliest_date vessel_imo
        vessel_name vin""",
    "hedges": "party_id hs_code period pnl_base valid_from valid_to",
    "vessels": "vessel_imo name flag owner_party_id valid_from valid_to",
    "vessel_calls": "call_id vessel_imo port arrived_at departed_at",
    "vessel_events": "event_id vessel_imo at event_type duration_h region_code",
    "price_reference": """
        hs_code origin_country destination_country region unit currency period n_obs p05 p10 q1 median q3 p90 p95
        source valid_from valid_to""",
    "goods_physics": "hs_code unit kg_min kg_max valid_from valid_to",
    "container_limits": "container_type max_kg max_m3 valid_from valid_to",
    "ports": "port country is_free_zone is_hub latitude longitude valid_from valid_to",
    "route_reference": "load_port discharge_port typical_km typical_stops p95_days valid_from valid_to",
    "hs_texts": "hs_code text valid_from valid_to",
    "hs_watch": "hs_code category source valid_from valid_to",
    "industry_goods_map": "industry_code hs_chapter plausibility valid_from valid_to",
    "sector_affinity": "industry_a industry_b plausibility valid_from valid_to",
    "embargoes": "hs_code region_code instrument valid_from valid_to",
    "npo_profiles": """
        party_id name_norm registered self_regulation_status programme_countries programme_regions programme_codes
        planned_cash_share expected_annual_income valid_from valid_to""",
    "npo_appeals": "appeal_id party_id country region_code announced_at",
    "npo_register": "registration_number name_norm valid_from valid_to",
    "carve_outs": "carve_out_id party_id programme_id region_code country instrument valid_from valid_to",
    "campaigns": """
        campaign_id owner_party_id opened_at goal_amount purpose_code stated_region payout_account_id
        payout_country""",
    "sector_map": "programme_code industry_code valid_from valid_to",
    "geo_risk": """
        region_code area_id category corridor_id corridor_order legal_basis source valid_from valid_to""",
    "country_scores": "index_name country score source valid_from valid_to",
    "clearing_countries": "currency country valid_from valid_to",
    "fx_rates": "currency rate_to_base source valid_from valid_to",
    "calendars": "country date is_business_day",
    "mcc_watch": "mcc category valid_from valid_to",
    "placeholder_terms": "term valid_from valid_to",
    "list_entries": """
        list_id list_version entry_id kind entity_type name aliases alias_quality identifier identifier_kind
        countries birth_record regime listed_at source withdrawn_as_error valid_from valid_to""",
    "freeze_orders": "party_id legal_basis valid_from valid_to",
    "incidents": "incident_id at region_code category note_series",
    "institution": "institution_id home_country bank_id valid_from valid_to",
    "alerts": """
        alert_id at party_id rule_id rule_version family cluster_id disposition disposed_at expires_at
        transaction_ids""",
    "case_reports": "report_id party_id account_id filed_at typology outcome outcome_at fiu_feedback",
    "recalls": "recall_id txn_id received_at reason",
}


def _file_type(table: str, column: str) -> pl.DataType | type[pl.DataType]:
    if column in ("valid_from", "valid_to"):
        return _TIME
    known = dictionary().column(table, column)
    return _FILES.get(known.type, known.dtype)


#: Table name to its columns and types, in the order written.
TABLES: Final[dict[str, dict[str, pl.DataType | type[pl.DataType]]]] = {
    **{table: {column: _file_type(table, column) for column in columns.split()} for table, columns in _COLUMNS.items()},
    "labels": dict.fromkeys(("txn_id", "case_id", "rule_id", "role", "strength"), pl.String()),
    "cases": {
        **dict.fromkeys(("case_id", "rule_id", "strength", "subject_kind", "subject_id", "party_id"), pl.String()),
        "first_at": _TIME,
        "last_at": _TIME,
        "story": pl.String(),
    },
    "lookalikes": dict.fromkeys(("rule_id", "subject_kind", "subject_id", "party_id", "story"), pl.String()),
}

#: Tables that must never stand where a rule could read them.
ANSWER_KEY: Final = ("labels", "cases", "lookalikes")
