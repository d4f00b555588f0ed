"""What faces people in a browser: the Gradio page, the HTTP API beside it, and the server for both."""
