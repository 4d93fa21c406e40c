-- Codes number `first` to `first + count`: fixed amounts and percentages, some of unknown type.
INSERT INTO promo_codes
    (promo_code, version, committed_at, discount_type, discount_value, min_purchase_amount)
WITH cityHash64('code', {seed:UInt32}, number) AS h
SELECT
    concat('CODE', leftPad(toString(number), 5, '0')),
    500000 + number,
    {until:DateTime64(6, 'UTC')} - toIntervalDay(731),
    multiIf(h % 50 = 0, 'free_shipping', h % 2 = 0, 'fixed_amount', 'percentage'),
    toDecimal128(5 + intDiv(h, 100) % 36, 6),
    if(h % 30 = 0, NULL, toDecimal128(20 + intDiv(h, 10000) % 180, 6))
FROM numbers({first:UInt64}, {count:UInt64})
