"""The words of the e-mails about accounts: invitations, passwords, addresses (``mail_texts``)."""

from app.services.mail_words import FIRST_NAME, LINK, LOGIN_LINK, words

ACCOUNT_TEXTS = (
    words(
        "invitation",
        "Première connexion d’un parent",
        "Votre espace famille vous attend",
        """
Bonjour {prenom},

{ville} vous ouvre un espace famille : le dossier de vos enfants, leurs inscriptions, leurs réservations \
et vos factures.

Pour y entrer, choisissez votre mot de passe.

Choisir mon mot de passe : {lien}

Ce lien est personnel. Il sert une fois, jusqu’au {fin_du_lien}. Vous vous connecterez ensuite avec \
votre adresse e-mail : {identifiant}

Vous n’attendiez pas ce message, ou le lien ne marche plus ? Dites-le à {contact}.
""",
        FIRST_NAME,
        LOGIN_LINK,
        {"famille": "le nom du foyer"},
    ),
    words(
        "family_added",
        "Un foyer de plus sur un compte qui existe",
        "Un nouveau foyer dans votre espace famille",
        """
Bonjour {prenom},

Votre compte ouvre maintenant aussi le dossier de la famille {famille}. Votre adresse e-mail et votre \
mot de passe ne changent pas.

Ouvrir mon espace famille : {lien}

Ce n’est pas normal ? Dites-le à {contact}.
""",
        FIRST_NAME,
        LINK,
        {"famille": "le nom du foyer"},
    ),
    words(
        "team_invitation",
        "Première connexion d’un collègue",
        "Votre accès au portail famille, côté service",
        """
Bonjour {prenom},

Un accès au portail famille de {ville} vous est ouvert, côté service : {role}.

Choisir mon mot de passe : {lien}

Ce lien est personnel. Il sert une fois, jusqu’au {fin_du_lien}. Vous vous connecterez ensuite avec \
votre adresse e-mail : {identifiant}
""",
        FIRST_NAME,
        LOGIN_LINK,
        {"role": "le rôle donné, et sa structure"},
    ),
    words(
        "team_added",
        "Un rôle de plus sur un compte qui existe",
        "Un rôle de plus sur le portail famille",
        """
Bonjour {prenom},

Votre compte a maintenant aussi ce rôle, côté service : {role}. Votre adresse e-mail et votre mot de \
passe ne changent pas.

Se connecter : {lien}
""",
        FIRST_NAME,
        LINK,
        {"role": "le rôle donné, et sa structure"},
    ),
    words(
        "reset",
        "Mot de passe oublié",
        "Choisir un nouveau mot de passe",
        """
Bonjour {prenom},

Vous avez demandé à choisir un nouveau mot de passe.

Choisir un nouveau mot de passe : {lien}

Ce lien sert une fois, jusqu’au {fin_du_lien}. Votre identifiant reste votre adresse e-mail : {identifiant}

Vous n’avez rien demandé ? Ne faites rien : votre mot de passe n’a pas changé.
""",
        FIRST_NAME,
        LOGIN_LINK,
    ),
    words(
        "password_changed",
        "Le mot de passe vient d’être changé",
        "Votre mot de passe a changé",
        """
Bonjour {prenom},

Le mot de passe de votre compte a changé le {moment}. Les appareils qui étaient connectés ne le sont plus.

Ce n’est pas vous ? Choisissez tout de suite un nouveau mot de passe, puis prévenez {contact}.

Choisir un nouveau mot de passe : {lien}
""",
        FIRST_NAME,
        LINK,
        {"moment": "le jour et l’heure du changement"},
    ),
    words(
        "login_moved",
        "L’adresse de connexion a changé",
        "Votre adresse de connexion a changé",
        """
Bonjour {prenom},

À votre demande, le service a changé votre adresse de connexion. Vous vous connectez maintenant avec \
{identifiant}. Votre mot de passe ne change pas.

Se connecter : {lien}

Vous n’avez rien demandé ? Dites-le tout de suite à {contact}.
""",
        FIRST_NAME,
        LINK,
        {"identifiant": "la nouvelle adresse de connexion"},
    ),
)
