"""What the project is made of, and what it must not give away: secrets, known vulnerabilities, bills of materials."""
