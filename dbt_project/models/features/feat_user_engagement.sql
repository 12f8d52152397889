-- One row per as_of_date and user_id with any event in the last 364 days.
with activity as (
    select
        *,
        isodow(event_date) >= 6 as is_weekend
    from {{ ref('fct_user_daily') }}
    where arrival_date <= {{ as_of() }}
      and {{ in_last_days('event_date', 364) }}
),

engaged as (
    select
        user_id,
        {%- for days in windows() %}
        {%- for name in ['view', 'click', 'cart', 'search', 'session'] %}
        coalesce(sum({{ name }}_count) filter ({{ in_last_days('event_date', days) }}), 0) as {{ name }}_count_{{ days }}d,
        {%- endfor %}
        {%- endfor %}
        {{ day_bits('event_date') }} as active_bits,
        sum(favourite_count) as favourite_count_364d,
        sum(dismiss_count) as dismiss_count_364d,
        sum(return_count) as return_count_364d,
        sum(purchase_count) as purchase_count_364d,
        sum(rating_sum) / nullif(sum(rating_count), 0) as mean_rating_364d,
        {%- for column in ['purchase', 'event', 'mobile'] %}
        coalesce(sum({{ column }}_count) filter ({{ in_last_days('event_date', 91) }}), 0) as {{ column }}_count_91d,
        {%- endfor %}
        {%- for part in ['night', 'morning', 'afternoon', 'evening'] %}
        coalesce(sum({{ part }}_count) filter ({{ in_last_days('event_date', 91) }}), 0) as {{ part }}_count_91d,
        {%- endfor %}
        coalesce(sum(event_count) filter ({{ in_last_days('event_date', 91) }} and is_weekend), 0) as weekend_count_91d,
        count(distinct region) filter ({{ in_last_days('event_date', 91) }} and region <> '') as region_count_91d,
        {{ as_of() }} - max(event_date) as since_active_days,
        {{ as_of() }} - max(event_date) filter (view_count + click_count > 0) as since_view_days,
        {{ as_of() }} - max(event_date) filter (search_count > 0) as since_search_days
    from activity
    group by user_id
)

select
    {{ as_of() }} as as_of_date,
    * exclude (
        return_count_364d, purchase_count_364d, purchase_count_91d, event_count_91d, weekend_count_91d, mobile_count_91d,
        active_bits, night_count_91d, morning_count_91d, afternoon_count_91d, evening_count_91d
    ),
    {%- for days in windows() %}
    {{ days_among('active_bits', days) }} as active_days_{{ days }}d,
    {%- endfor %}
    {{ smoothed('cart_count_91d', '(view_count_91d + click_count_91d)', usual('cart_count_91d', 'view_count_91d + click_count_91d')) }}
        as view_to_cart_rate_91d,
    {{ smoothed('purchase_count_91d', '(view_count_91d + click_count_91d)', usual('purchase_count_91d', 'view_count_91d + click_count_91d')) }}
        as view_to_buy_rate_91d,
    {{ smoothed('return_count_364d', 'purchase_count_364d', usual('return_count_364d', 'purchase_count_364d')) }}
        as return_rate_364d,
    {%- for part in ['night', 'morning', 'afternoon', 'evening', 'weekend', 'mobile'] %}
    {{ part }}_count_91d / nullif(event_count_91d, 0) as {{ part }}_share_91d,
    {%- endfor %}
    -- one day is added to both sides, so that few days make no trend
    (active_days_28d + 1) / ({{ days_among('active_bits', 84) }} / 3 + 1) as active_trend_28d_84d
from engaged
