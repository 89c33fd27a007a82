"""What came to the doors of callbacks: deliveries, reports, and letters that no callback is there for yet."""
