-- One row per as_of_date and item_id of dim_item: how long it has been known, and how it sold in the coming week a year ago.
with items as (
    select * from {{ ref('dim_item') }}
    where as_of_date = {{ as_of() }}
),

versions as (
    select * from {{ ref('stg_items') }}
    where arrival_date <= {{ as_of() }}
),

listed as (
    select
        item_id,
        min(least(arrival_date, coalesce(first_seen_date, arrival_date))) as first_date
    from versions
    group by item_id
),

sales as (
    select * from {{ item_daily_without_suspects() }}
),

sold as (
    select
        item_id,
        min(event_date) as first_date,
        coalesce(sum(purchase_count) filter ({{ in_last_days('event_date', 364) }}), 0) as purchase_count_364d,
        -- 52 weeks back, so that weekdays agree
        coalesce(
            sum(purchase_count) filter (event_date between {{ as_of() }} - 363 and {{ as_of() }} - 357), 0
        ) as last_year_purchase_count_next_7d
    from sales
    group by item_id
),

shop as (
    select min(event_date) <= {{ as_of() }} - 363 as has_last_year from sales
),

known as (
    select
        item_id,
        category_l3,
        {{ as_of() }} - least(coalesce(listed.first_date, sold.first_date), coalesce(sold.first_date, listed.first_date)) as age_days,
        if(has_last_year, coalesce(last_year_purchase_count_next_7d, 0), null) as last_year_purchase_count_next_7d,
        coalesce(purchase_count_364d, 0) as purchase_count_364d
    from items
    left join listed using (item_id)
    left join sold using (item_id)
    cross join shop
)

select
    {{ as_of() }} as as_of_date,
    * exclude (category_l3, purchase_count_364d),
    age_days < 28 as is_new_28d,
    -- one purchase is added to both sides, so that few purchases make no season
    (last_year_purchase_count_next_7d + 1) / (purchase_count_364d / 52 + 1) as season_lift_next_7d,
    (sum(last_year_purchase_count_next_7d) over same_category + 1)
    / (sum(purchase_count_364d) over same_category / 52 + 1) as category_season_lift_next_7d
from known
window same_category as (partition by category_l3)
