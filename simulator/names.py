"""Words that people are made of."""

FIRST_NAMES = {
    "Female": (
        "Abigail", "Aisha", "Alice", "Amanda", "Amy", "Ana", "Angela", "Anna", "Beatrice", "Carla",
        "Carmen", "Chloe", "Claire", "Diana", "Elena", "Emily", "Erin", "Eva", "Fatima", "Grace",
        "Hannah", "Helen", "Imani", "Irene", "Isabel", "Jasmine", "Joan", "Julia", "Karen", "Kim",
        "Laura", "Leah", "Lena", "Linda", "Lucia", "Maria", "Martha", "Mei", "Mia", "Monica",
        "Nadia", "Naomi", "Nina", "Olivia", "Paula", "Priya", "Rachel", "Rosa", "Ruth", "Sara",
        "Sofia", "Susan", "Tanya", "Teresa", "Valerie", "Vera", "Wendy", "Yasmin", "Yuki", "Zoe",
    ),
    "Male": (
        "Aaron", "Adam", "Ahmed", "Alan", "Albert", "Andre", "Anthony", "Antonio", "Ben", "Brian",
        "Carl", "Carlos", "Chris", "Daniel", "David", "Diego", "Edward", "Eli", "Eric", "Felix",
        "Frank", "Gary", "George", "Greg", "Hassan", "Henry", "Hugo", "Ian", "Ivan", "Jack",
        "James", "Jason", "Jerome", "John", "Jorge", "Kenji", "Kevin", "Kyle", "Leo", "Louis",
        "Luis", "Marcus", "Mark", "Martin", "Max", "Miguel", "Nathan", "Noah", "Omar", "Oscar",
        "Paul", "Peter", "Raj", "Ravi", "Robert", "Samuel", "Thomas", "Victor", "Walter", "Wei",
    ),
}  # fmt: skip

LAST_NAMES = (
    "Adams", "Ahmed", "Allen", "Alvarez", "Anderson", "Bailey", "Baker", "Banks", "Barnes", "Bell",
    "Bennett", "Bishop", "Blake", "Brooks", "Brown", "Burns", "Butler", "Campbell", "Carter",
    "Castillo", "Chang", "Chavez", "Chen", "Clark", "Cohen", "Cole", "Collins", "Cook", "Cooper",
    "Cruz", "Davis", "Diaz", "Dixon", "Edwards", "Ellis", "Evans", "Fisher", "Flores", "Foster",
    "Garcia", "Gibson", "Gomez", "Gonzalez", "Gordon", "Graham", "Grant", "Gray", "Green",
    "Griffin", "Gupta", "Hall", "Hamilton", "Harris", "Hayes", "Henry", "Hernandez", "Hill",
    "Howard", "Hughes", "Hunt", "Ibrahim", "Jackson", "James", "Jenkins", "Johnson", "Jones",
    "Kelly", "Kennedy", "Khan", "Kim", "King", "Lee", "Lewis", "Lin", "Long", "Lopez", "Marshall",
    "Martin", "Mason", "Medina", "Miller", "Mitchell", "Moore", "Morales", "Morgan", "Morris",
    "Murphy", "Myers", "Nelson", "Nguyen", "Novak", "Ortiz", "Owens", "Palmer", "Park", "Parker",
    "Patel", "Perez", "Perry", "Phillips", "Porter", "Powell", "Price", "Ramirez", "Reed", "Reyes",
    "Rivera", "Roberts", "Robinson", "Ross", "Ruiz", "Russell", "Sanchez", "Sanders", "Schmidt",
    "Scott", "Shaw", "Silva", "Simmons", "Singh", "Smith", "Stewart", "Sullivan", "Tanaka",
    "Taylor", "Thomas", "Torres", "Tran", "Turner", "Vargas", "Walker", "Wallace", "Walsh", "Ward",
    "Watson", "Weber", "West", "White", "Williams", "Wilson", "Wong", "Wood", "Wright", "Young",
)  # fmt: skip

MAIL_DOMAINS = {
    "gmail.com": 46, "yahoo.com": 16, "outlook.com": 12, "icloud.com": 9, "hotmail.com": 9,
    "aol.com": 4, "proton.me": 2, "comcast.net": 2,
}  # fmt: skip
"""Domains and how many of a hundred people use them."""
