"""What each daily drop of the Complete Journey year holds, in SQL over the package's Parquet files.

Every query returns ``day`` (the arrival day) and the drop's columns, in a total order.
"""

FIRST_DAY = "date '2017-01-01'"
FIRST_MONDAY = "date '2016-12-26'"  # the first day of promotion week 1
MAILER_NOTICE_DAYS = 7  # the data do not say when a promotion became known; these two are our statement
DISPLAY_NOTICE_DAYS = 1

TRANSACTIONS = """
select transaction_timestamp::date as day, household_id, store_id, basket_id, product_id, quantity,
       sales_value::decimal(18, 2) as sales_value, retail_disc::decimal(18, 2) as retail_disc,
       coupon_disc::decimal(18, 2) as coupon_disc, coupon_match_disc::decimal(18, 2) as coupon_match_disc,
       transaction_timestamp::timestamp_s as transaction_timestamp
from read_parquet('{data}/transactions.parquet') as lines
order by lines.transaction_timestamp, basket_id, product_id"""

PRODUCTS = f"""
select {FIRST_DAY} as day, product_id, manufacturer_id, department, brand, product_category, product_type, package_size
from read_parquet('{{data}}/products.parquet')
order by product_id"""

HOUSEHOLDS = """
with first_visits as (
    select household_id, min(transaction_timestamp) as first_at
    from read_parquet('{data}/transactions.parquet') group by household_id
)
select first_at::date as day, household_id, age, income, home_ownership, marital_status,
       household_size, household_comp, kids_count
from first_visits left join read_parquet('{data}/demographics.parquet') as demographics using (household_id)
order by day, household_id"""

CAMPAIGNS = f"""
select greatest(start_date::date, {FIRST_DAY}) as day, campaign_id, household_id, campaign_type,
       start_date::date as start_date, end_date::date as end_date
from read_parquet('{{data}}/campaigns.parquet') as audiences
join read_parquet('{{data}}/campaign_descriptions.parquet') as campaigns using (campaign_id)
order by day, campaign_id, household_id"""

COUPONS = f"""
select distinct greatest(start_date::date, {FIRST_DAY}) as day, campaign_id, product_id, coupon_upc,
       start_date::date as start_date, end_date::date as end_date
from read_parquet('{{data}}/coupons.parquet') as coupons
join read_parquet('{{data}}/campaign_descriptions.parquet') as campaigns using (campaign_id)
order by day, campaign_id, product_id, coupon_upc"""

# 20.9M store rows become one bit set a product and week: a distinct count would hold every row
PROMOTIONS = f"""
with stores as (
    select store_id, row_number() over (order by store_id) - 1 as bit
    from (select distinct store_id from read_parquet('{{data}}/promotions.parquet'))
),
weekly as (
    select product_id, week,
           bitstring_agg(bit, 0, {{last_store}}) filter (display_location <> '0') as display,
           bitstring_agg(bit, 0, {{last_store}}) filter (mailer_location <> '0') as mailer,
           bitstring_agg(bit, 0, {{last_store}}) as any_row
    from read_parquet('{{data}}/promotions.parquet') as store_rows join stores using (store_id)
    group by product_id, week
),
reporting as (select week, bit_count(bit_or(any_row)) as stores from weekly group by week),
kinds as (
    select product_id, week, 'display' as kind, bit_count(display) as stores, {DISPLAY_NOTICE_DAYS} as notice
    from weekly
    union all
    select product_id, week, 'mailer', bit_count(mailer), {MAILER_NOTICE_DAYS} from weekly
),
dated as (
    select *, ({FIRST_MONDAY} + 7 * (week - 1)::integer) as starts_date from kinds where stores > 0
)
select greatest(starts_date - notice, {FIRST_DAY}) as day, product_id, week, kind, starts_date,
       starts_date + 6 as ends_date, starts_date - notice as known_date, dated.stores as stores,
       reporting.stores as reporting_stores
from dated join reporting using (week)
order by day, week, product_id, kind"""

LAST_STORE = "select count(distinct store_id) - 1 from read_parquet('{data}/promotions.parquet')"

DROPS = {
    "products": PRODUCTS,
    "households": HOUSEHOLDS,
    "campaigns": CAMPAIGNS,
    "coupons": COUPONS,
    "promotions": PROMOTIONS,
    "transactions": TRANSACTIONS,
}
