"""What a run found, for people and for programs: terminal, pictures, Allure, archives. Knows no platform."""
