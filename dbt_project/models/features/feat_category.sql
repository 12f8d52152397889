-- One row per as_of_date and category_l3 (product type) with an item that was bought in the last 364 days; what
-- suspects did is left out.
with items as (
    select * from {{ ref('dim_item') }}
    where as_of_date = {{ as_of() }}
      and category_l3 is not null
),

item_features as (
    select * from {{ ref('feat_item') }}
    where as_of_date = {{ as_of() }}
),

engagement as (
    select * from {{ ref('feat_item_engagement') }}
    where as_of_date = {{ as_of() }}
),

promotions as (
    select * from {{ ref('feat_item_promotion') }}
    where as_of_date = {{ as_of() }}
),

user_categories as (
    select * from {{ without_suspects(ref('feat_user_category')) }}
    where as_of_date = {{ as_of() }}
),

sold as (
    select
        category_l3,
        {%- for days in [28, 91, 364] %}
        sum(purchase_count_{{ days }}d) as purchase_count_{{ days }}d,
        {%- endfor %}
        coalesce(sum(view_count_28d + click_count_28d), 0) as view_count_28d,
        coalesce(sum(cart_count_28d), 0) as cart_count_28d,
        coalesce(sum(return_count_364d), 0) as return_count_364d,
        count(*) filter (purchase_count_91d > 0) as item_count_91d,
        count(*) filter (purchase_count_91d > 0 and is_display_next_7d) as display_item_count,
        count(*) filter (purchase_count_91d > 0 and is_mailer_next_7d) as mailer_item_count,
        sum(purchase_count_91d) filter (is_mailer_next_7d) as mailer_purchase_count
    from item_features
    inner join items using (item_id)
    left join engagement using (item_id)
    left join promotions using (item_id)
    group by category_l3
),

bought as (
    select
        category_l3,
        {%- for days in [28, 91, 364] %}
        count(*) filter (purchase_days_{{ days }}d > 0) as buyer_count_{{ days }}d,
        {%- endfor %}
        count(*) filter (purchase_days_364d > 1) / count(*) as repeat_buyer_share_364d,
        sum(new_item_count_28d) / nullif(sum(item_count_28d), 0) as new_item_share_28d,
        sum(item_count_364d) / count(*) as mean_item_count_364d,
        median(mean_gap_days) as median_gap_days
    from user_categories
    group by category_l3
)

select
    {{ as_of() }} as as_of_date,
    sold.* exclude (return_count_364d, display_item_count, mailer_item_count, mailer_purchase_count),
    bought.* exclude (category_l3, buyer_count_28d, buyer_count_91d, buyer_count_364d),
    {%- for days in [28, 91, 364] %}
    coalesce(buyer_count_{{ days }}d, 0) as buyer_count_{{ days }}d,
    {%- endfor %}
    purchase_count_364d / sum(purchase_count_364d) over () as purchase_share_364d,
    display_item_count / nullif(item_count_91d, 0) as display_item_share_next_7d,
    mailer_item_count / nullif(item_count_91d, 0) as mailer_item_share_next_7d,
    coalesce(mailer_purchase_count, 0) / nullif(purchase_count_91d, 0) as mailer_purchase_share_next_7d,
    {{ smoothed('purchase_count_28d', 'view_count_28d', usual('purchase_count_28d', 'view_count_28d')) }} as view_to_buy_rate_28d,
    {{ smoothed('return_count_364d', 'purchase_count_364d', usual('return_count_364d', 'purchase_count_364d')) }}
        as return_rate_364d,
    -- one purchase is added to both sides, so that few purchases make no trend
    (purchase_count_28d + 1) / (purchase_count_91d * 28 / 91 + 1) as trend_28d_91d
from sold
left join bought using (category_l3)
