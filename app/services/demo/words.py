"""The invented words of the demonstration: names, streets, trades. Nobody here exists."""

GIRLS = (
    "Lila", "Zoé", "Inès", "Jade", "Louise", "Alma", "Romane", "Nour", "Agathe", "Capucine", "Lou", "Maya",
    "Salomé", "Apolline", "Éléonore", "Anouk", "Margot", "Aya", "Lina", "Suzanne", "Ambre", "Clémence",
    "Garance", "Thaïs", "Élise", "Naomi", "Marie-Lou", "Iris", "Victoire", "Yasmine",
)  # fmt: skip
BOYS = (
    "Noé", "Tom", "Gabriel", "Sacha", "Ilyès", "Basile", "Hugo", "Malo", "Arthur", "Yanis", "Léon", "Oscar",
    "Jean-Baptiste", "Naël", "Timothée", "Côme", "Raphaël", "Adam", "Marius", "Eliott", "Augustin", "Soan",
    "Gaspard", "Amir", "Robin", "Théo", "Mahé", "Ulysse", "Octave", "Kenzo",
)  # fmt: skip
WOMEN = (
    "Claire", "Nadia", "Sophie", "Aurélie", "Fatou", "Émilie", "Céline", "Hélène", "Samira", "Julie", "Laure",
    "Marion", "Delphine", "Anaïs", "Leïla", "Mathilde", "Virginie", "Karine", "Élodie", "Amandine", "Sandra",
    "Coralie", "Noémie", "Marie-Christine", "Tiphaine", "Lucie", "Ophélie", "Rachida", "Justine", "Florence",
)  # fmt: skip
MEN = (
    "Denis", "Karim", "Thomas", "Olivier", "Mamadou", "Julien", "Sébastien", "Fabien", "Mehdi", "Nicolas",
    "Grégory", "Antoine", "Benoît", "Rémi", "David", "Guillaume", "Jérôme", "Yves", "Cédric",
    "Pierre-Alexandre",
    "Damien", "Youssef", "Laurent", "Mickaël", "Étienne", "Arnaud", "Romain", "Vincent", "Bastien", "Ludovic",
)  # fmt: skip
SURNAMES = (
    "Martinon", "Durandet", "Bellec", "Charvière", "Moulinet", "Ferrandier", "Guillotet",
    "Benamrouche", "Rosset",
    "Vautrin", "Diallonet", "Pellissard", "Grandcour", "Tavernel", "Odry", "Lachenal", "Morandin",
    "Castelbou",
    "Ribeirinho", "Kowalczan", "Nguyenval", "Périnel", "Sablonnet", "Tournevic", "Ubrière",
    "Villarmet", "Wattrel",
    "Yverneau", "Zanoletti", "Aubertaz", "Bourdarel", "Cottaveau", "Dessailly", "Estevanel", "Fontaubert",
    "Gimenault", "Haddaoui-Perrin", "Isnardel", "Jacquemet-Royer", "Lherminois", "Mazourel", "Navettier",
    "Orsatelli", "Prudhommet", "Quenardel", "Rochebrun", "Santorel", "Thibaudel", "Vernoulet", "Weissenthal",
)  # fmt: skip
STREETS = (
    "rue des Tilleuls", "chemin du Bresson", "rue de la Fontaine", "impasse du Lavoir", "route des Coteaux",
    "allée des Merles", "rue du Vieux Four", "chemin des Vignes", "place de l’Orme", "rue Basse",
    "montée du Château", "lotissement Les Glycines", "rue de la Scie", "chemin du Moulin",
)  # fmt: skip
NEXT_TOWNS = (("38530", "La Terrasse-le-Pré"), ("38570", "Goncelet"), ("38920", "Crollière"))
TRADES = (
    "infirmière", "aide-soignant", "enseignante", "menuisier", "ingénieure",
    "assistante maternelle", "comptable",
    "conducteur de car", "vendeuse", "électricien", "pharmacienne", "maraîcher", "agent d’entretien", None,
)  # fmt: skip
EMPLOYERS = (
    "Hôpital de la Vallée", "Menuiserie Ferrand", "Collège des Tilleuls", "Transports Bellegarde", "Mairie",
    "Pharmacie de l’Orme", "Ateliers du Grésil", None,
)  # fmt: skip
DOCTORS = ("Dr Astrid Ramel", "Dr Paul Vinay", "Dr Farida Meziane", "Dr Luc Dautrey", "Dr Hélène Coste")
TEACHERS = ("Mme Arnaudet", "M. Sollier", "Mme Picaud", "M. Tessandier", "Mme Belkacemi", "Mme Ravanel")
KINSHIPS = (
    ("grand-mère", True), ("grand-père", True), ("tante", True), ("oncle", True), ("voisine", True),
    ("assistante maternelle", True), ("ami de la famille", False), ("grande sœur", False),
)  # fmt: skip
REMARKS = (
    "Fait parfois une sieste l’après-midi.",
    "Porte des lunettes pour lire.",
    "A peur des chiens : prévenir avant une sortie.",
    "Ne mange pas vite : merci de lui laisser le temps.",
)
REFUSED_DOCUMENTS = (
    "La date n’est pas lisible : photographiez le document bien à plat, avec de la lumière.",
    "C’est l’attestation de l’an dernier : envoyez celle de cette année scolaire.",
    "Le nom de l’enfant n’est pas sur le document.",
    "Il manque la signature, en bas de la seconde page.",
)
REFUSED_REGISTRATIONS = (
    "Il n’y a plus de place pour cet âge. Votre demande reste sur la liste d’attente.",
    "L’enfant n’a pas encore l’âge de cet accueil.",
)
LATE_DOCUMENTS = (
    "L’assureur n’a pas encore répondu.",
    "Rendez-vous pris à la CAF.",
    "Déménagement en cours.",
)
# Subject, what the parent writes, what the service answers.
TALKS = (
    (
        "Goûter du mercredi",
        "Bonjour, faut-il prévoir un goûter le mercredi après-midi ?\nMerci d’avance.",
        "Bonjour, le goûter est compris. Vous n’avez rien à prévoir.",
    ),
    (
        "Retard ce soir",
        "Bonjour, je risque d’avoir dix minutes de retard ce soir. Est-ce que cela pose un problème ?",
        "Bonjour, nous restons jusqu’à 18 h 30. Appelez-nous si vous dépassez cette heure.",
    ),
    (
        "Erreur sur ma facture",
        "Bonjour, deux repas du mois dernier sont comptés alors que ma fille était malade.\n\nMerci.",
        "Bonjour, envoyez-nous le certificat médical. La correction sera sur la prochaine facture.",
    ),
    (
        "Sortie à la piscine",
        "Bonjour, à quelle heure revient le car de la piscine ?",
        "Bonjour, le car revient à 16 h 45, devant le centre.",
    ),
    (
        "Vêtement oublié",
        "Bonjour, mon fils a oublié un manteau bleu mercredi. L’avez-vous retrouvé ?",
        "Bonjour, oui, il vous attend à l’accueil.",
    ),
    (
        "Changement de jours",
        "Bonjour, mes horaires changent en janvier. Comment modifier les jours réservés ?",
        "Bonjour, ouvrez « Inscriptions », touchez le nom de l’enfant, puis les cases de chaque jour.",
    ),
)
MENU = (
    ("Lundi", "Velouté de potiron, omelette aux herbes, riz, yaourt, pomme"),
    ("Mardi", "Salade de lentilles, poisson en croûte, brocolis, fromage, compote"),
    ("Mercredi", "Taboulé, gratin de légumes, fromage blanc, poire"),
    ("Jeudi", "Carottes râpées, lasagnes végétariennes, salade de fruits"),
    ("Vendredi", "Betteraves, sauté de volaille, purée, clémentine"),
)
