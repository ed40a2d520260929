"""Audit: judges every order by the records of MongoDB, S3 and Stripe. It changes nothing."""
