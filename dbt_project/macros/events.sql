{#- The columns of events as every model sees them, of rows of raw events that carry a change: 1 for a row that arrived,
    -1 for one that a correction took back. -#}
{% macro event_columns(rows) -%}
    select
        event_id,
        user_id,
        session_id,
        item_id,
        request_id,

        lower(action) as action,
        coalesce(region, '') as region,
        device,
        surface,
        position,
        rating,
        is_unknown_item,

        event_at,
        cast(event_at as date) as event_date,
        arrival_date,

        -- a return takes back what a purchase gave, at its own time; the purchase stays as it was
        change * case lower(action) when 'purchase' then 1 when 'return' then -1 else 0 end * coalesce(quantity, 1)
            as net_quantity,
        unit_price,
        currency,
        cast(net_quantity * coalesce(unit_price, 0) as decimal(18, 4)) as net_amount,
        change
    from {{ rows }}
{%- endmacro %}
