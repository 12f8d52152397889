-- One row per as_of_date, item_id and region (store) in which it was bought in the last 91 days; what suspects did is left
-- out.
with sales as (
    select * from {{ item_daily_without_suspects() }}
    where {{ in_last_days('event_date', 91) }}
      and region <> ''
      and purchase_count > 0
),

sold as (
    select
        item_id,
        region,
        {%- for days in [7, 28, 91] %}
        coalesce(sum(purchase_count) filter ({{ in_last_days('event_date', days) }}), 0) as purchase_count_{{ days }}d,
        {%- endfor %}
        coalesce(sum(greatest(buyer_count, 0)) filter ({{ in_last_days('event_date', 28) }}), 0) as buyer_days_28d,
        {{ as_of() }} - max(event_date) as since_purchase_days
    from sales
    group by item_id, region
),

with_expected as (
    select
        *,
        -- if it sold here as it does in the whole shop
        sum(purchase_count_91d) over (partition by item_id) * sum(purchase_count_91d) over (partition by region)
        / sum(purchase_count_91d) over () as expected_91d
    from sold
)

select
    {{ as_of() }} as as_of_date,
    * exclude (expected_91d),
    purchase_count_28d / nullif(sum(purchase_count_28d) over (partition by region), 0) as purchase_share_28d,
    -- one purchase is added to both sides, so that few purchases are no local favourite
    (purchase_count_91d + 1) / (expected_91d + 1) as lift_91d,
    (purchase_count_28d + 1) / (purchase_count_91d * 28 / 91 + 1) as trend_28d_91d
from with_expected
