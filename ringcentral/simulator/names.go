package simulator

// name is a made-up name as its bearer writes it, and as it stands in an e-mail address.
type name struct{ text, ascii string }

// The lists are paired: first names of a row go with last names of the same row.
var names = []struct{ first, last []name }{
	{ // Latin script, with apostrophes, hyphens, accents and spaces
		first: []name{{"Bea", "bea"}, {"Sinéad", "sinead"}, {"Jean-Luc", "jean-luc"}, {"Zoë", "zoe"}, {"María José", "mariajose"}, {"D'Arcy", "darcy"}, {"Łukasz", "lukasz"}, {"Åsa", "asa"}, {"Noah", "noah"}, {"Imani", "imani"}},
		last:  []name{{"Ng", "ng"}, {"O'Neill", "oneill"}, {"D’Angelo", "dangelo"}, {"van der Berg", "vanderberg"}, {"Müller", "mueller"}, {"García Márquez", "garciamarquez"}, {"Okonkwo", "okonkwo"}, {"Smith-Jones", "smith-jones"}, {"Nguyễn", "nguyen"}, {"Øster", "oester"}},
	},
	{ // Cyrillic and Greek
		first: []name{{"Ольга", "olga"}, {"Дмитрий", "dmitri"}, {"Елена", "elena"}, {"Νίκος", "nikos"}, {"Σοφία", "sofia"}},
		last:  []name{{"Иванова", "ivanova"}, {"Петренко", "petrenko"}, {"Соколов", "sokolov"}, {"Παπαδόπουλος", "papadopoulos"}, {"Ζωγράφου", "zografou"}},
	},
	{ // Chinese, Japanese, Korean
		first: []name{{"美玲", "meiling"}, {"伟", "wei"}, {"さくら", "sakura"}, {"健太", "kenta"}, {"민준", "minjun"}},
		last:  []name{{"王", "wang"}, {"陳", "chen"}, {"佐藤", "sato"}, {"鈴木", "suzuki"}, {"김", "kim"}},
	},
	{ // right to left
		first: []name{{"فاطمة", "fatima"}, {"محمد", "mohammed"}, {"נועה", "noa"}, {"یاسمین", "yasmin"}},
		last:  []name{{"الحسن", "alhassan"}, {"منصور", "mansour"}, {"כהן", "cohen"}, {"کریمی", "karimi"}},
	},
	{ // South and South-East Asian
		first: []name{{"प्रिया", "priya"}, {"अर्जुन", "arjun"}, {"கவிதா", "kavitha"}, {"สมชาย", "somchai"}},
		last:  []name{{"शर्मा", "sharma"}, {"पटेल", "patel"}, {"குமார்", "kumar"}, {"วงศ์", "wong"}},
	},
}

var (
	departments = []string{"Support", "Sales", "Billing", "Retention", "Quality"}
	costCenters = []string{"root", "4100 Support", "4200 Sales"}
	jobTitles   = []string{"Agent", "Senior Agent", "Team Lead", "Workforce Planner", "Analyst"}
	groupNames  = []string{"Team A", "Sales East", "Training", "Billing", "Night Shift", "VIP & Escalations", "Équipe Québec", "Back Office"}
)
