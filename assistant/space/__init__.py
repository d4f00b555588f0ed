"""What is different on a Hugging Face Space: where it runs, what the bundle carries, what the page says."""
