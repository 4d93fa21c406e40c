SELECT EXISTS (
    SELECT FROM users
    WHERE user_id = $1
    AND (
        created_at, email, is_email_verified, phone, is_phone_verified, first_name, last_name,
        ip_address, device_id, user_agent, city, gender, dob, timezone, is_abuser
    ) IS NOT DISTINCT FROM ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
)
