"""From the checkout to a Hugging Face Space: the bundle, its checks, and the upload."""
