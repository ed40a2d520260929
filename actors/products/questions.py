"""Questions to customers: the answers that products may need, and the name of each in readable form."""

#: The answers that products may ask for. Others that a session carries are left where they are.
ANSWERS = ("name", "birth_date", "birth_time", "birth_place", "question", "language")
#: Each of them as a customer is asked for it, and the mail address, which may be missing as well.
QUESTIONS = {
    "name": "Your name",
    "birth_date": "Date of birth",
    "birth_time": "Time of birth",
    "birth_place": "Place of birth",
    "question": "What would you like clarity about?",
    "language": "Language",
    "email": "The mail address for your report",
}
