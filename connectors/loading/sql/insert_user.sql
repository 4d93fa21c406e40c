INSERT INTO users (
    user_id, created_at, email, is_email_verified, phone, is_phone_verified, first_name, last_name,
    ip_address, device_id, user_agent, city, gender, dob, timezone, is_abuser
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT DO NOTHING
