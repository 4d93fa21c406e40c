"""What the containers of docker-compose.yml are built and configured from."""
