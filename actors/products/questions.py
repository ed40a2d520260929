"""What customers are asked: each answer's name as people read it."""

QUESTIONS = {
    "name": "Your name",
    "birth_date": "Date of birth",
    "birth_time": "Time of birth",
    "birth_place": "Place of birth",
    "question": "What would you like clarity about?",
    "language": "Language",
    "email": "The mail address for your report",
}
